import type { Report, Table } from './report.ts';

export function markdownOf({ title, about, targets, tables }: Report, machine: string): string {
  const verdicts: Table[] =
    targets.length === 0
      ? []
      : [
          {
            title: 'Targets',
            columns: ['what', 'wanted', 'got', ''],
            rows: targets.map(({ what, wanted, got, met }) => [
              what,
              wanted,
              got,
              met ? 'reached' : 'missed',
            ]),
          },
        ];
  const parts = [...verdicts, ...tables].map((table) => `## ${table.title}\n\n${markdownTable(table)}`);
  return [`# ${title}`, ...about, machine, ...parts].join('\n\n').concat('\n');
}

function markdownTable({ columns, rows }: Table): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
