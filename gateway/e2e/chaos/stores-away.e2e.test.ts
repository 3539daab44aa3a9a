import { expect, test } from 'vitest';
import { drawCharts } from './charts.ts';
import { measureFullRedis } from './full-redis.ts';
import { missingFor } from './hospital.ts';
import { measureOutages, OUTAGES } from './outages.ts';
import { missed } from './target.ts';

const missing = missingFor('many machines');
if (missing.length > 0) console.warn(`SKIPPED: stores that are away, for want of ${missing.join(' and ')}`);

/** The full size is that of `npm run chaos`. */
const PER_OUTAGE = 6;
const OUTAGE_MS = 1_500;

test.skipIf(missing.length > 0)(
  'stores and the model server go away: nothing that was acknowledged is lost, and work goes on by itself',
  { timeout: 300_000 },
  async () => {
    const charts = await drawCharts(OUTAGES.length * PER_OUTAGE);
    const findings = await measureOutages(OUTAGES, { outageMs: OUTAGE_MS, perOutage: PER_OUTAGE, charts });
    expect(findings).toHaveLength(OUTAGES.length + 1);
    expect(findings.flatMap(missed)).toEqual([]);
  },
);

test.skipIf(missing.length > 0)(
  'a full Redis keeps no image from being taken and read, and is used again when it has room',
  { timeout: 180_000 },
  async () => {
    expect(missed(await measureFullRedis(await drawCharts(24)))).toEqual([]);
  },
);
