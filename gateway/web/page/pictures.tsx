import { useId, useState } from 'preact/hooks';
import { ExplorerAnchor } from './explorer-anchor.tsx';
import { FaultNote } from './fault-note.tsx';
import { GraphImage } from './graph-image.tsx';
import { COLORMAPS, HEATMAP, type ImageFile, type Radiograph, type Region } from './radiograph-operations.ts';
import { useAnswer } from './use-answer.ts';
import { percent } from './words.ts';

const COLORS = { TURBO: 'Turbo', JET: 'Jet', OCEAN: 'Ocean' } as const;
type View = 'pair' | 'overlay';

/** The radiograph and where the model looked, side by side or one over the other.
 *  @param renew asks for the links again: they live for 15 minutes at least */
export function Pictures({ radiograph, renew }: { radiograph: Radiograph; renew: () => void }) {
  const { id, image, classification } = radiograph;
  const findings = classification?.findings ?? [];
  const [view, setView] = useState<View>('pair');
  const [opacity, setOpacity] = useState(0.5);
  const [colormap, setColormap] = useState<(typeof COLORMAPS)[number]>('TURBO');
  const [chosen, setChosen] = useState<string>();
  const [marked, setMarked] = useState(false);
  const finding = chosen ?? classification?.finding.code ?? '';
  const variables = classification && { id, finding, colormap, opacity: 1 };
  const { data, faults, loading, again } = useAnswer(HEATMAP, variables);
  const heatmap = data?.radiograph?.heatmap;
  const spoken = findings.find(({ code }) => code === finding)?.display ?? 'the finding';
  const field = useId();
  const original = <GraphImage image={image} alt="The radiograph" renew={renew} />;

  return (
    <section class="card pictures" aria-label="Pictures">
      {classification && (
        <fieldset class="controls">
          <legend class="unseen">How the heatmap is shown</legend>
          <div class="segments">
            {(['pair', 'overlay'] as const).map((one) => (
              <label key={one}>
                <input
                  type="radio"
                  name={`${field}-view`}
                  checked={view === one}
                  onChange={() => setView(one)}
                />
                <span>{one === 'pair' ? 'Side by side' : 'Overlay'}</span>
              </label>
            ))}
          </div>
          <label class="field">
            Heatmap for
            <select value={finding} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
              {findings.map(({ code, display, probability }) => (
                <option key={code} value={code}>
                  {display} ({percent(probability)})
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            Colours
            <select
              value={colormap}
              onChange={({ currentTarget }) =>
                setColormap(COLORMAPS.find((one) => one === currentTarget.value) ?? 'TURBO')
              }
            >
              {COLORMAPS.map((one) => (
                <option key={one} value={one}>
                  {COLORS[one]}
                </option>
              ))}
            </select>
          </label>
          <label class="field opacity">
            <span>
              Opacity <span>{Math.round(opacity * 100)} %</span>
            </span>
            <input
              type="range"
              min="0"
              max="1"
              step="0.05"
              value={opacity}
              aria-label="Opacity"
              aria-valuetext={`${Math.round(opacity * 100)} percent`}
              onInput={({ currentTarget }) => setOpacity(Number(currentTarget.value))}
            />
          </label>
          <label class="check">
            <input type="checkbox" checked={marked} onChange={() => setMarked(!marked)} />
            Outline the strongest places
          </label>
        </fieldset>
      )}
      <div class={`frames ${view}`} aria-busy={loading && classification !== null}>
        {(view === 'pair' || !heatmap) && (
          <figure>
            <div class="frame" style={{ aspectRatio: `${image.width} / ${image.height}` }}>
              {original}
            </div>
            <figcaption>Radiograph</figcaption>
          </figure>
        )}
        {heatmap && (
          <figure>
            <div class="frame" style={{ aspectRatio: `${image.width} / ${image.height}` }}>
              {original}
              <GraphImage
                image={heatmap.image}
                alt={`Heatmap for ${spoken} over the radiograph`}
                opacity={opacity}
                renew={again}
              />
              {marked && <Outlines image={heatmap.image} regions={heatmap.regions} />}
            </div>
            <figcaption>
              What moved the model towards {spoken} (Grad-CAM). It does not show where a disease is.
            </figcaption>
          </figure>
        )}
      </div>
      {faults[0] && <FaultNote fault={faults[0]} retry={again} />}
      <p class="links">
        <a href={image.url} target="_blank" rel="noopener">
          Radiograph in full size
        </a>
        {variables && <ExplorerAnchor operation={HEATMAP} variables={variables} view="heatmap" />}
      </p>
    </section>
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
