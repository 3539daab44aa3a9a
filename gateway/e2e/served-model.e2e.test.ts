import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type System, startSystem, upload } from './system.ts';

const UPLOAD = `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files }) { jobs { id } userErrors { code } } }`;
const READ = `query ($id: ID!) { job(id: $id) { state radiograph { classification {
  finding { code } decision indeterminateReason model { name } } } } }`;
const ORIGINALS = join(import.meta.dirname, '../../../shared/data/originals');

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

type Reading = { finding: { code: string }; decision: string; indeterminateReason: string | null };

async function read(file: Buffer): Promise<Reading> {
  const { data } = await upload(system.url, UPLOAD, [file]);
  const [job] = (data as unknown as { radiographUpload: { jobs: { id: string }[] } }).radiographUpload.jobs;
  const answer = () => ask(system.url, READ, { id: job?.id });
  await expect.poll(answer, { timeout: 10_000 }).toMatchObject({ data: { job: { state: 'SUCCEEDED' } } });
  const { data: read } = (await answer()) as unknown as {
    data: { job: { radiograph: { classification: Reading } } };
  };
  return read.job.radiograph.classification;
}

/** A grey picture of 400 × 300 pixels. */
function drawn(level: (x: number, y: number) => number): Promise<Buffer> {
  const [width, height] = [400, 300];
  const grey = Uint8Array.from({ length: width * height }, (_, i) => level(i % width, Math.floor(i / width)));
  return sharp(grey, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}

test.each<[string, () => Promise<Buffer>]>([
  ['noise', () => drawn((x, y) => (Math.imul(x * 7919 + y * 104729, 2654435761) >>> 16) & 255)],
  ['a blank', () => drawn(() => 255)],
  ['a black picture', () => drawn(() => 0)],
  ['a gradient', () => drawn((x, y) => (x + y) / 3)],
  ['a page of lines', () => drawn((x, y) => (y % 20 < 6 && x % 13 > 4 ? 30 : 250))],
  ['a disc', () => drawn((x, y) => (Math.hypot(x - 200, y - 150) < 90 ? 200 : 20))],
])('%s is no chest radiograph: nothing is decided', async (_name, picture) => {
  expect(await read(await picture())).toMatchObject({
    decision: 'INDETERMINATE',
    indeterminateReason: 'OUT_OF_DISTRIBUTION',
  });
});

const hasData = existsSync(ORIGINALS);
if (!hasData)
  console.error('SKIPPED: real radiographs are read in ../shared/data/originals, which is not there');

test.runIf(hasData)(
  'real radiographs are read as what they are, and a negative of one is not',
  async () => {
    const files = readdirSync(ORIGINALS).filter((name) => /\.(jpg|png)$/.test(name));
    expect(files).toHaveLength(10);
    const readings: Reading[] = [];
    for (const name of files) readings.push(await read(readFileSync(join(ORIGINALS, name))));
    const right = readings.filter(({ finding }, i) => files[i]?.startsWith(`${finding.code.toLowerCase()}_`));
    expect(right.length).toBeGreaterThanOrEqual(9);
    const refused = readings.filter(
      ({ indeterminateReason }) => indeterminateReason === 'OUT_OF_DISTRIBUTION',
    );
    expect(refused.length).toBeLessThanOrEqual(1);
    const negative = await sharp(readFileSync(join(ORIGINALS, String(files[0]))))
      .negate()
      .png()
      .toBuffer();
    expect((await read(negative)).indeterminateReason).toBe('OUT_OF_DISTRIBUTION');
  },
  60_000,
);
