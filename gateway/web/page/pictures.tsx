import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ExplorerAnchor } from './explorer-anchor.tsx';
import { FaultNote } from './fault-note.tsx';
import { GraphImage } from './graph-image.tsx';
import { HeatmapControls, type HeatmapLook } from './heatmap-controls.tsx';
import {
  HEATMAP,
  type Heatmap,
  type ImageFile,
  type Radiograph,
  type Region,
} from './radiograph-operations.ts';
import { useAnswer } from './use-answer.ts';
import { useMissed } from './use-missed.ts';

const FIRST_LOOK: HeatmapLook = {
  view: 'pair',
  finding: undefined,
  colormap: 'TURBO',
  opacity: 0.5,
  marked: false,
};

/** The radiograph and where the model looked, side by side or one over the other.
 *  @param renew asks for the radiograph again: its links live for 15 minutes at least */
export function Pictures({ radiograph, renew }: { radiograph: Radiograph; renew: () => void }) {
  const { id, image, classification } = radiograph;
  const findings = classification?.findings ?? [];
  const [look, setLook] = useState(FIRST_LOOK);
  const { view, colormap } = look;
  const finding = look.finding ?? classification?.finding.code ?? '';
  const variables = classification && { id, finding, colormap, opacity: 1 };
  const answer = useAnswer(HEATMAP, variables);
  useMissed(answer, renew);
  const { data, faults, loading, again } = answer;
  const answered = data?.radiograph?.heatmap;
  // Until the answer is there the one before it may be that of another finding, which must not be taken for this one.
  const heatmap = answered?.finding.code === finding ? answered : undefined;
  const awaited = classification && loading && !heatmap;
  const display = findings.find(({ code }) => code === finding)?.display ?? 'the finding';
  const original = <GraphImage image={image} alt="The radiograph" renew={renew} />;

  return (
    <section class="card pictures" aria-label="Pictures">
      {classification && (
        <HeatmapControls
          look={look}
          change={(part) => setLook((now) => ({ ...now, ...part }))}
          findings={findings}
          finding={finding}
        />
      )}
      <div class={`frames ${view}`} aria-busy={loading && classification !== null}>
        {(view === 'pair' || !(heatmap || awaited)) && (
          <figure>
            <Frame image={image}>{original}</Frame>
            <figcaption>Radiograph</figcaption>
          </figure>
        )}
        {(heatmap || awaited) && (
          <figure>
            <Frame image={image}>
              {original}
              {heatmap && <Colours heatmap={heatmap} look={look} renew={again} />}
            </Frame>
            <figcaption aria-live="polite">
              {heatmap
                ? `What moved the model towards ${heatmap.finding.display} (Grad-CAM). It does not show where a disease is.`
                : `Loading the heatmap for ${display} …`}
            </figcaption>
          </figure>
        )}
      </div>
      {!loading && faults[0] && <FaultNote fault={faults[0]} retry={again} />}
      {classification && !loading && !faults[0] && !heatmap && <p>There is no heatmap for {display}.</p>}
      <p class="links">
        <a href={image.url} target="_blank" rel="noopener">
          Radiograph in full size
        </a>
        {variables && <ExplorerAnchor operation={HEATMAP} variables={variables} view="heatmap" />}
      </p>
    </section>
  );
}

function Frame({ image: { width, height }, children }: { image: ImageFile; children: ComponentChildren }) {
  return (
    <div class="frame" style={{ aspectRatio: `${width} / ${height}` }}>
      {children}
    </div>
  );
}

/** The map's colours, which lie over the radiograph. */
function Colours({ heatmap, look, renew }: { heatmap: Heatmap; look: HeatmapLook; renew: () => void }) {
  const { image, finding, regions } = heatmap;
  return (
    <>
      <GraphImage
        image={image}
        alt={`Heatmap for ${finding.display} over the radiograph`}
        opacity={look.opacity}
        renew={renew}
      />
      {look.marked && <Outlines image={image} regions={regions} />}
    </>
  );
}

function Outlines({ image: { width, height }, regions }: { image: ImageFile; regions: readonly Region[] }) {
  return (
    <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {regions.map((region) => (
        <rect key={`${region.x} ${region.y}`} {...region} vector-effect="non-scaling-stroke" />
      ))}
    </svg>
  );
}
