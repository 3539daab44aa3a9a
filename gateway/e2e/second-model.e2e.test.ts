import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { ask, type System, startSystem, upload } from './system.ts';

const ROOT = join(import.meta.dirname, '../..');
const UPLOAD = `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files }) { jobs { id } userErrors { code } } }`;
const READ = `query ($id: ID!) { models { name versions { version state } } job(id: $id) { state radiograph {
  classification { finding { code display } findings { code } decision indeterminateReason threshold model { name version digest } }
  heatmap { image { width height } finding { code } } } } }`;

const folder = mkdtempSync(join(tmpdir(), 'radiograph-models-'));
cpSync(join(ROOT, 'serving/models'), folder, { recursive: true });
cpSync(join(ROOT, 'serving/testing/models'), folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true }));

const grey = (level: number) =>
  sharp({ create: { width: 300, height: 200, channels: 3, background: { r: level, g: level, b: level } } })
    .png()
    .toBuffer();

async function read(system: System, level: number) {
  const { data } = await upload(system.url, UPLOAD, [await grey(level)]);
  const [job] = (data as unknown as { radiographUpload: { jobs: { id: string }[] } }).radiographUpload.jobs;
  const answer = () => ask(system.url, READ, { id: job?.id });
  await expect.poll(answer, { timeout: 10_000 }).toMatchObject({ data: { job: { state: 'SUCCEEDED' } } });
  return (await answer()).data;
}

test('a second model in a folder of its own is served with its own labels, maps and thresholds', async () => {
  await using system = await startSystem({ models: { folder, name: 'brightness' } });
  const classified = (classification: object) => ({ job: { radiograph: { classification } } });
  expect(await read(system, 250)).toMatchObject({
    models: [{ name: 'brightness', versions: [{ version: '1', state: 'AVAILABLE' }] }],
    job: {
      radiograph: {
        classification: {
          finding: { code: 'BRIGHT', display: 'Bright' },
          findings: [{ code: 'BRIGHT' }, { code: 'DARK' }],
          ...{ decision: 'POSITIVE', indeterminateReason: null, threshold: 0.9 },
          model: { name: 'brightness', version: '1', digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
        },
        heatmap: { image: { width: 300, height: 200 }, finding: { code: 'BRIGHT' } },
      },
    },
  });
  expect(await read(system, 5)).toMatchObject(
    classified({ finding: { code: 'DARK' }, decision: 'NEGATIVE', threshold: 0.6 }),
  );
  expect(await read(system, 140)).toMatchObject(
    classified({
      ...{ finding: { code: 'BRIGHT' }, decision: 'INDETERMINATE' },
      ...{ indeterminateReason: 'BELOW_THRESHOLD', threshold: 0.9 },
    }),
  );
});

test('the first model is served beside it as before', async () => {
  await using system = await startSystem({ models: { folder, name: 'covid19' } });
  const { job } = (await read(system, 128)) as unknown as {
    job: { radiograph: { classification: { findings: object[] } } };
  };
  expect(job.radiograph.classification.findings).toHaveLength(3);
});
