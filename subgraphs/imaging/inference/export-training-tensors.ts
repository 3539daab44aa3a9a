import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { modelInput } from './preprocess.ts';

// Writes the training images as the served model will see them: one preprocessing, so none can drift apart.
// Usage: npm run training:tensors -- <folder with manifest.csv> <output folder>
// Output for each split: <split>.u8 (uint8 [n, 256, 256]) and <split>.csv (same order).

const KEPT = ['file', 'class', 'source', 'patient'];

const [data, out] = process.argv.slice(2);
if (!data || !out)
  throw new Error('Expected two arguments: the folder with manifest.csv and the output folder');
mkdirSync(out, { recursive: true });
const [head = '', ...lines] = readFileSync(join(data, 'manifest.csv'), 'utf8').trim().split(/\r?\n/);
const columns = head.split(',');
const rows = lines.map((line) =>
  Object.fromEntries(csvCells(line).map((cell, index) => [columns[index], cell])),
);

for (const split of new Set(rows.map((row) => row.split))) {
  const wanted = rows.filter((row) => row.split === split);
  const pixels = createWriteStream(join(out, `${split}.u8`));
  for (const row of wanted) pixels.write(await modelInput(readFileSync(join(data, String(row.file)))));
  pixels.end();
  await finished(pixels);
  const list = wanted.map((row) => KEPT.map((column) => quoted(row[column] ?? '')).join(','));
  writeFileSync(join(out, `${split}.csv`), `${[KEPT.join(','), ...list].join('\n')}\n`);
  console.log(`${split}: ${wanted.length} images`);
}

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}

/** Splits a line of comma-separated values; quoted cells may hold commas (RFC 4180). */
function csvCells(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
    .slice(0, columns.length)
    .map(([, cell = '']) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell));
}
