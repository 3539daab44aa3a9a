import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Finding, Target } from './target.ts';

/** What was measured together: all its findings have the same figures. */
export type Measure = {
  readonly name: string;
  readonly about: string;
  readonly findings: readonly Finding[];
};

export function chaosReport(measures: readonly Measure[]): string {
  const parts = measures.map(({ name, about, findings }) =>
    [`## ${name}`, about, figures(findings), findings.map(sentences).join('\n')].join('\n\n'),
  );
  return [
    '# What survives what',
    '`npm run chaos`. Every service is a process of its own; a killed one is started again 100 ms later. In a table the first row is what is wanted.',
    machine(),
    ...parts,
  ]
    .join('\n\n')
    .concat('\n');
}

/** A row for each finding; what missed its target is set off. */
function figures(findings: readonly Finding[]): string {
  const groups = Map.groupBy(findings, ({ targets }) => targets.map(({ what }) => what).join());
  return [...groups.values()]
    .map((group) => {
      const targets = group[0]?.targets ?? [];
      return [
        line(['', ...targets.map(({ what }) => what)]),
        line(['---', ...targets.map(() => '---')]),
        line(['wanted', ...targets.map(wantedOf(group))]),
        ...group.map((finding) => line([finding.title, ...finding.targets.map(shown)])),
      ].join('\n');
    })
    .join('\n\n');
}

/** What is wanted of all of them; where they differ, each row says it beside what it got. */
const wantedOf = (group: readonly Finding[]) => (target: Target, index: number) =>
  group.every(({ targets }) => targets[index]?.wanted === target.wanted) ? target.wanted : 'see below';

const shown = ({ got, wanted, reached }: Target) => (reached ? got : `**${got}** (wanted ${wanted})`);

const sentences = ({ title, seen }: Finding) =>
  seen.filter((text) => text.trim() !== '').length > 0 ? `- ${title}: ${seen.join(' ').trim()}` : '';

const line = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

function machine(): string {
  const day = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${day}: Node ${process.versions.node}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${memory} GiB; load average at the end ${loadavg()[0]?.toFixed(2)}.`;
}
