import type { Report, Table } from './report.ts';
import { escaped, svgOf } from './svg.ts';

/** A page that needs nothing but itself: no script, no font, no request. */
export function pageOf({ title, about, targets, tables, plots }: Report, machine: string): string {
  const verdicts = targets.map(
    ({ what, wanted, got, met }) =>
      `<div class="target ${met ? 'met' : 'missed'}"><p>${escaped(what)}</p><strong>${escaped(got)}</strong><span>wanted: ${escaped(wanted)} · ${met ? 'reached' : 'missed'}</span></div>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<main>
<h1>${escaped(title)}</h1>
${about.map((line) => `<p>${escaped(line)}</p>`).join('\n')}
<p class="machine">${escaped(machine)}</p>
${verdicts.length > 0 ? `<section class="targets">${verdicts.join('\n')}</section>` : ''}
<section class="plots">
${plots.map((plot) => `<figure><figcaption>${escaped(plot.title)}</figcaption>${svgOf(plot)}</figure>`).join('\n')}
</section>
${tables.map(tableOf).join('\n')}
</main>
</html>
`;
}

function tableOf({ title, columns, rows }: Table): string {
  const figures = columns.map((_, i) => rows.every((row) => isFigure(row[i] ?? '')));
  const cells = (tag: 'th' | 'td', row: readonly (string | number)[]) =>
    row
      .map((cell, i) => `<${tag}${figures[i] ? ' class="figure"' : ''}>${escaped(String(cell))}</${tag}>`)
      .join('');
  const head = cells('th', columns);
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<h2>${escaped(title)}</h2>
<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>
${body}
</tbody></table></div>`;
}

function isFigure(cell: string | number): boolean {
  return typeof cell === 'number' || /^-?[\d.]+( ms)?$/.test(cell);
}

const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2430; --soft: #667085; --rule: #e3e7ee; --card: #f7f8fa;
  --good: #1a7f4b; --bad: #b42318;
  --s0: #2563ab; --s1: #c4570b; --s2: #23835c; --s3: #8c4bb5; --s4: #b03060; --s5: #6f6a1f; --s6: #3d7f8f; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #12161d; --ink: #e6eaf0; --soft: #9aa5b5; --rule: #2a313c; --card: #191f28;
    --good: #4cc38a; --bad: #ff8b7e;
    --s0: #6cb0f5; --s1: #f0994f; --s2: #5cc79a; --s3: #c795ec; --s4: #f07fa5; --s5: #cfc65a; --s6: #72c3d4; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 12px; }
h2 { font-size: 18px; margin: 36px 0 10px; }
p { margin: 0 0 10px; max-width: 80ch; }
.machine { color: var(--soft); font-size: 13px; }
.targets { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 14px; margin: 20px 0; }
.target { border: 1px solid var(--rule); border-left: 4px solid var(--good); border-radius: 6px; padding: 12px 16px;
  background: var(--card); }
.target.missed { border-left-color: var(--bad); }
.target p { margin: 0; font-size: 13px; color: var(--soft); }
.target strong { display: block; font-size: 20px; margin: 2px 0; }
.target span { font-size: 13px; color: var(--good); }
.target.missed span { color: var(--bad); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); gap: 18px; margin: 24px 0; }
figure { margin: 0; border: 1px solid var(--rule); border-radius: 6px; padding: 12px 14px 8px; background: var(--card); }
figcaption { font-weight: 600; font-size: 14px; margin-bottom: 6px; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg .grid { stroke: var(--rule); }
svg .mark { stroke: var(--bad); stroke-dasharray: 4 3; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; }
th, td { text-align: left; padding: 5px 12px 5px 0; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
td.figure, th.figure { text-align: right; font-variant-numeric: tabular-nums; }
`;
