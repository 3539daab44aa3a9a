import { expect, test } from 'vitest';
import { markdownOf } from './markdown.ts';
import { pageOf } from './page.ts';
import type { Report } from './report.ts';

const report: Report = {
  name: 'any',
  title: 'A <load>',
  about: ['Said "so" & done'],
  targets: [{ what: 'share', wanted: 'at least 1', got: '0.5', met: false }],
  tables: [{ title: 'Runs', columns: ['run', 'ms'], rows: [['a|b', 12]] }],
  plots: [
    {
      kind: 'lines',
      title: 'Lines',
      x: 's',
      y: 'ms',
      series: [
        {
          name: 'one',
          points: [
            [0, 1],
            [2, 3],
          ],
        },
      ],
      marks: [{ at: 1, what: 'killed' }],
    },
    { kind: 'lines', title: 'Nothing', x: 's', y: 'ms', series: [{ name: 'none', points: [] }] },
    {
      kind: 'bars',
      title: 'Bars',
      x: 'n',
      y: 'count',
      labels: ['1', '2'],
      series: [{ name: 'x', values: [0, 0] }],
    },
  ],
};

test('a page asks for nothing, shows what was measured, and every place in a drawing is a number', () => {
  const page = pageOf(report, 'a machine');
  expect(page).not.toMatch(/https?:|src=|href=|<script|@import|url\(/);
  expect(page).toContain('<h1>A &lt;load&gt;</h1>');
  expect(page).toContain('Said &quot;so&quot; &amp; done');
  expect(page).toContain('missed');
  expect(page.match(/<svg/g)).toHaveLength(3);
  expect(page).not.toMatch(/NaN|Infinity|undefined/);
});

test('the Markdown holds targets and tables', () => {
  const text = markdownOf(report, 'a machine');
  expect(text).toContain('| share | at least 1 | 0.5 | missed |');
  expect(text).toContain('| a\\|b | 12 |');
});
