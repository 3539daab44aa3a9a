import { useId } from 'preact/hooks';
import { COLORMAPS, type Colormap } from './radiograph-operations.ts';
import type { Finding } from './verdict.ts';
import { percent } from './words.ts';

const COLORS = { TURBO: 'Turbo', JET: 'Jet', OCEAN: 'Ocean' } as const;

/** How the heatmap is wanted. */
export type HeatmapLook = {
  readonly view: 'pair' | 'overlay';
  /** Code of the finding; undefined for the one that the model gives. */
  readonly finding: string | undefined;
  readonly colormap: Colormap;
  /** 0 to 1. */
  readonly opacity: number;
  /** Whether the strongest places are outlined. */
  readonly marked: boolean;
};

type HeatmapControlsParts = {
  look: HeatmapLook;
  change: (part: Partial<HeatmapLook>) => void;
  findings: readonly Finding[];
  /** Code of the finding that is asked for. */
  finding: string;
};

export function HeatmapControls({ look, change, findings, finding }: HeatmapControlsParts) {
  const { view, colormap, opacity, marked } = look;
  const field = useId();
  return (
    <fieldset class="controls">
      <legend class="unseen">How the heatmap is shown</legend>
      <div class="segments">
        {(['pair', 'overlay'] as const).map((one) => (
          <label key={one}>
            <input
              type="radio"
              name={`${field}-view`}
              checked={view === one}
              onChange={() => change({ view: one })}
            />
            <span>{one === 'pair' ? 'Side by side' : 'Overlay'}</span>
          </label>
        ))}
      </div>
      <label class="field">
        Heatmap for
        <select value={finding} onChange={({ currentTarget }) => change({ finding: currentTarget.value })}>
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
            change({ colormap: COLORMAPS.find((one) => one === currentTarget.value) ?? 'TURBO' })
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
          onInput={({ currentTarget }) => change({ opacity: Number(currentTarget.value) })}
        />
      </label>
      <label class="check">
        <input type="checkbox" checked={marked} onChange={() => change({ marked: !marked })} />
        Outline the strongest places
      </label>
    </fieldset>
  );
}
