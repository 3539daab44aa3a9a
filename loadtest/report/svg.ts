import type { BarPlot, LinePlot, Plot } from './report.ts';

const WIDTH = 520;
const HEIGHT = 270;
const LEFT = 58;
const RIGHT = 14;
const TOP = 8;
const BOTTOM = 44;
const LEGEND = 20;
const COLOURS = 7;
const TICKS = 5;

/** An inline drawing; colours and fonts come from the page. */
export function svgOf(plot: Plot): string {
  const names = plot.series.map(({ name }) => name);
  const legend = legendOf(names.length > 1 ? names : []);
  const top = TOP + legend.height;
  const height = HEIGHT + legend.height;
  const drawn = plot.kind === 'lines' ? lines(plot, top, height) : bars(plot, top, height);
  const middle = (LEFT + WIDTH - RIGHT) / 2;
  const axes =
    text(middle, height - 6, plot.x, 'middle') +
    `<text transform="translate(12 ${(top + height - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escaped(plot.y)}</text>`;
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(plot.title)}">${legend.drawn}${drawn}${axes}</svg>`;
}

function lines({ series, marks = [] }: LinePlot, top: number, height: number): string {
  const all = series.flatMap(({ points }) => points);
  const xs = all.map(([x]) => x);
  const [leastX, lastX] = [Math.min(...xs, ...marks.map(({ at }) => at)), Math.max(...xs)];
  const firstX = Math.min(0, leastX);
  const y = scale(top, height, Math.max(...all.map(([, value]) => value)));
  const x = (value: number) => LEFT + ((value - firstX) / (lastX - firstX || 1)) * (WIDTH - LEFT - RIGHT);
  const ticks = ticksOf(lastX - firstX).map((tick) => tick + firstX);
  const xAxis = ticks
    .filter((tick) => tick <= lastX)
    .map((tick) => text(x(tick), height - BOTTOM + 16, shortNumber(tick), 'middle'));
  const paths = series.map(({ name, points }, i) => {
    const d = points
      .map(([px, py], at) => `${at === 0 ? 'M' : 'L'}${fixed(x(px))} ${fixed(y.of(py))}`)
      .join('');
    const dots =
      points.length === 1
        ? points.map(
            ([px, py]) => `<circle cx="${fixed(x(px))}" cy="${fixed(y.of(py))}" r="3" fill="${colour(i)}"/>`,
          )
        : [];
    return `<path d="${d}" fill="none" stroke="${colour(i)}" stroke-width="1.8" stroke-linejoin="round"><title>${escaped(name)}</title></path>${dots.join('')}`;
  });
  const marked = marks.map(
    ({ at, what }) =>
      `<line class="mark" x1="${fixed(x(at))}" x2="${fixed(x(at))}" y1="${top}" y2="${height - BOTTOM}"/>${text(x(at) + 4, top + 12, what, 'start')}`,
  );
  return y.grid + xAxis.join('') + paths.join('') + marked.join('');
}

function bars({ labels, series }: BarPlot, top: number, height: number): string {
  const y = scale(top, height, Math.max(...series.flatMap(({ values }) => values)));
  const slot = (WIDTH - LEFT - RIGHT) / labels.length;
  const width = (slot * 0.72) / series.length;
  const drawn = series.flatMap(({ name, values }, s) =>
    values.map((value, i) => {
      const left = LEFT + slot * (i + 0.14) + width * s;
      const upper = y.of(value);
      const label = `${name}, ${labels[i]}: ${shortNumber(value)}`;
      const figure =
        labels.length <= 8 && value > 0
          ? text(left + width / 2, upper - 4, shortNumber(value), 'middle')
          : '';
      return `<rect x="${fixed(left)}" y="${fixed(upper)}" width="${fixed(width - 1)}" height="${fixed(height - BOTTOM - upper)}" fill="${colour(s)}"><title>${escaped(label)}</title></rect>${figure}`;
    }),
  );
  // Crowded labels are slanted.
  const slant = labels.length > 8;
  const captions = labels.map((label, i) => {
    const at = LEFT + slot * (i + 0.5);
    const below = height - BOTTOM + 14;
    return slant
      ? `<text transform="translate(${fixed(at + 4)} ${below - 2}) rotate(-32)" text-anchor="end" style="font-size:10px">${escaped(label)}</text>`
      : text(at, below, label, 'middle');
  });
  return y.grid + drawn.join('') + captions.join('');
}

function scale(top: number, height: number, most: number) {
  const ticks = ticksOf(most * 1.08);
  const highest = Math.max(ticks.at(-1) ?? 1, Number.MIN_VALUE);
  const bottom = height - BOTTOM;
  const of = (value: number) => bottom - (value / highest) * (bottom - top - 10);
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${fixed(of(tick))}" y2="${fixed(of(tick))}"/>${text(LEFT - 6, of(tick) + 4, shortNumber(tick), 'end')}`,
  );
  return { of, grid: grid.join('') };
}

/** Round numbers from 0 to at least `most`. */
function ticksOf(most: number): number[] {
  const rough = (most > 0 && Number.isFinite(most) ? most : 1) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

function legendOf(names: readonly string[]): { drawn: string; height: number } {
  let x = LEFT;
  let row = 0;
  const drawn = names.map((name, i) => {
    const width = 26 + name.length * 7.4;
    if (x + width > WIDTH - RIGHT && x > LEFT) {
      x = LEFT;
      row += 1;
    }
    const entry = `<rect x="${fixed(x)}" y="${row * LEGEND + 3}" width="12" height="10" rx="2" fill="${colour(i)}"/>${text(x + 17, row * LEGEND + 12, name, 'start')}`;
    x += width;
    return entry;
  });
  return { drawn: drawn.join(''), height: names.length === 0 ? 0 : (row + 1) * LEGEND };
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function colour(series: number): string {
  return `var(--s${series % COLOURS})`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function shortNumber(value: number): string {
  if (value >= 10_000) return `${+(value / 1_000).toFixed(1)}k`;
  return String(+value.toPrecision(3));
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
