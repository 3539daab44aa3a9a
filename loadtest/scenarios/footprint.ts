import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { closedLoop, upTo } from '../load/closed-loop.ts';
import { measure } from '../measure.ts';
import { openOwnRedis } from '../own-redis.ts';
import { loadTables } from '../report/plots-of.ts';
import { classifyWithHeatmap } from './answers.ts';
import type { Scenario } from './scenario.ts';

/** Before these are there Redis and the ledger have not made what they make once. */
const WARM_UPS = 20;
const MILLION = 1_000_000;

type Sizes = { readonly images: number; readonly heatmaps: number; readonly ledger: number };

/** What radiographs take in the stores, and what a million of them would. */
export const footprint: Scenario = async ({ options, radiographs, stack: open, client: of }) => {
  const { clients, count } = options;
  await using redis = await openOwnRedis();
  const stack = await open({ cacheUrl: `redis://127.0.0.1:${redis.port}` });
  const client = of(stack);
  let sent = 0;
  const work = async () => {
    const picture = radiographs.next();
    sent += picture.length;
    await classifyWithHeatmap(client, picture);
  };
  await closedLoop(clients, upTo(WARM_UPS), work);
  const [before, usedBefore] = [sizesIn(stack.dataDir), await redis.usedBytes()];
  sent = 0;
  const run = await measure('footprint', stack, () => closedLoop(clients, upTo(count), work));
  const [after, used] = [sizesIn(stack.dataDir), await redis.usedBytes()];
  const images = after.images - before.images;
  const each: [what: string, bytes: number][] = [
    ['the file as sent, encrypted', sent / count],
    ['the picture for display, encrypted', (images - sent) / count],
    [
      'a drawn heatmap, encrypted; removed after ORPHAN_GRACE_HOURS',
      (after.heatmaps - before.heatmaps) / count,
    ],
    ['the ledger: radiograph, job, classification, audit rows', (after.ledger - before.ledger) / count],
    ['an inference in Redis; expires after CACHE_TTL_SECONDS', (used - usedBefore) / count],
  ];
  return {
    name: 'footprint',
    title: 'What radiographs take in the stores',
    about: [
      `${count} radiographs, ${clients} at once: the mutation radiographClassify for classification and one heatmap, whose bytes are fetched. Radiographs: ${radiographs.what}; no two alike.`,
      'Sizes are the growth of the files of images, of the pages of the ledger (SQLite), and of the memory that Redis uses.',
    ],
    targets: [
      {
        what: `faults in ${count} radiographs`,
        wanted: 'none',
        got: JSON.stringify(run.summary.faults),
        met: Object.keys(run.summary.faults).length === 0,
      },
    ],
    tables: [
      {
        title: 'Of one radiograph, and of a million',
        columns: ['what', 'kB of one', 'GB of a million'],
        rows: each.map(([what, bytes]) => [
          what,
          (bytes / 1e3).toFixed(1),
          ((bytes * MILLION) / 1e9).toFixed(1),
        ]),
      },
      ...loadTables([run]),
    ],
    plots: [],
  };
};

function sizesIn(dataDir: string): Sizes {
  const sizes = { images: 0, heatmaps: 0 };
  for (const file of readdirSync(join(dataDir, 'blobs'), { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    // What was drawn from an image lies beside it, under both names.
    const kind = file.name.includes('.') ? 'heatmaps' : 'images';
    sizes[kind] += statSync(join(file.parentPath, file.name)).size;
  }
  using ledger = new DatabaseSync(join(dataDir, 'imaging.sqlite'), { readOnly: true });
  const pragma = (name: string) => Number(ledger.prepare(`PRAGMA ${name}`).get()?.[name]);
  return { ...sizes, ledger: pragma('page_count') * pragma('page_size') };
}
