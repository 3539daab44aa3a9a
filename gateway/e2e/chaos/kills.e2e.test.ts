import { expect, test } from 'vitest';
import { drawCharts } from './charts.ts';
import { ENGINE_SETS, missingFor } from './hospital.ts';
import { measureKills } from './kills.ts';
import { missed } from './target.ts';

/** The full size is that of `npm run chaos`. */
const JOBS = 20;
const SIZE = {
  'one machine': { kills: 8, underWork: 3 },
  'many machines': { kills: 10, underWork: 3 },
};

for (const engines of ENGINE_SETS) {
  const missing = missingFor(engines);
  if (missing.length > 0)
    console.warn(`SKIPPED: kill -9 on ${engines}, for want of ${missing.join(' and ')}`);
  test.skipIf(missing.length > 0)(
    `on ${engines}, whatever is killed, what was acknowledged is done once, and rightly`,
    { timeout: 300_000 },
    async () => {
      const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 1e6));
      console.log(`Again the same: CHAOS_SEED=${seed}`);
      const finding = await measureKills(engines, {
        ...SIZE[engines],
        seed,
        charts: await drawCharts(JOBS),
      });
      expect(missed(finding)).toEqual([]);
    },
  );
}
