import { createClient } from 'graphql-ws';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { sealClaim } from '#common/upload-claim.ts';
import { startServing } from '../../serving/server.ts';
import { startImaging } from './server.ts';
import { jobOf, picture, upload, uploadClaims } from './testing/client.ts';
import { SERVING, systems } from './testing/system.ts';

const { startSystem } = systems(startImaging);
let serving: Awaited<ReturnType<typeof startServing>>;
beforeAll(async () => {
  serving = await startServing(SERVING, pino({ level: 'silent' }));
});
afterAll(() => serving[Symbol.asyncDispose]());

const CLASSIFY = `mutation ($file: Upload!, $patient: ID) {
  radiographClassify(input: { file: $file, patientId: $patient }) {
    radiograph { id format width height patient { id } imageAddress activationMaps image { url mediaType width height bytes }
      classification { finding { code probability } findings { code probability } decision threshold cached pool
        model { name version digest state engine } } }
    userErrors { code message field } } }`;
// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests check
type Classify = { radiographClassify: any };

test('several files become jobs in their order, and each succeeds', async () => {
  await using system = await startSystem(serving.grpcPort);
  const pictures = await Promise.all([picture('jpeg', 1), picture('png', 2), picture('jpeg', 3)]);
  const { jobs, userErrors } = await upload(system, pictures, '7');
  expect(userErrors).toEqual([]);
  expect(jobs).toHaveLength(3);
  for (const [index, { id }] of jobs.entries()) {
    await expect.poll(() => jobOf(system, id), { timeout: 10_000 }).toMatchObject({ state: 'SUCCEEDED' });
    expect(await jobOf(system, id)).toMatchObject({
      ...{ progress: 1, attempts: 1, error: null, finishedAt: expect.stringMatching(/Z$/) },
      radiograph: {
        ...{ format: index === 1 ? 'PNG' : 'JPEG', width: 120, height: 90 },
        classification: { cached: false },
      },
    });
  }
});

test('the same bytes sent again are a new radiograph with the answer from the cache', async () => {
  await using system = await startSystem(serving.grpcPort);
  const file = await picture('png', 1);
  const classify = async () => {
    const { data } = await system.ask<Classify>(CLASSIFY, { file: await system.claim(file) });
    return data.radiographClassify.radiograph;
  };
  const first = await classify();
  const second = await classify();
  expect([first.classification.cached, second.classification.cached]).toEqual([false, true]);
  expect(second.id).not.toBe(first.id);
  expect(second.classification.findings).toEqual(first.classification.findings);
});

test('classify waits for its answer and tells all of it', async () => {
  await using system = await startSystem(serving.grpcPort);
  const file = await system.claim(await picture('jpeg', 1));
  const { data, errors } = await system.ask<Classify>(CLASSIFY, { file, patient: '7' });
  expect(errors).toBeUndefined();
  const { radiograph, userErrors } = data.radiographClassify;
  expect(userErrors).toEqual([]);
  expect(radiograph).toMatchObject({
    ...{ format: 'JPEG', width: 120, height: 90, patient: { id: '7' } },
    image: { url: expect.stringMatching(/^\/files\//), mediaType: 'image/jpeg', width: 120, height: 90 },
    activationMaps: { labels: expect.any(Array), maps: expect.any(String) },
  });
  const { findings, finding, model, threshold, pool } = radiograph.classification;
  const sum = findings.reduce(
    (all: number, { probability }: { probability: number }) => all + probability,
    0,
  );
  expect(sum).toBeCloseTo(1, 4);
  expect(finding).toEqual(findings[0]);
  expect(model).toMatchObject({ name: 'covid19', digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(threshold).toBeGreaterThan(0);
  expect(pool).toBe('embedded');
  const { maps, height, width, labels, probabilities } = radiograph.activationMaps;
  expect(Buffer.from(maps, 'base64')).toHaveLength(4 * height * width * labels.length);
  expect(probabilities).toHaveLength(labels.length);
});

test('values that are no claim of ours are named with their place, and the others go on', async () => {
  await using system = await startSystem(serving.grpcPort);
  const good = await system.claim(await picture('jpeg', 1));
  const outOfDate = await system.claim(await picture('jpeg', 2), Date.now() - 61 * 60_000);
  const forged = sealClaim(Buffer.alloc(32), { kept: true, address: 'a'.repeat(64), bytes: 1 });
  const gone = sealClaim(system.claimKey, { kept: true, address: 'a'.repeat(64), bytes: 1 });
  const changed = `${good.slice(0, -4)}AAAA`;
  const files = [forged, outOfDate, good, changed, gone, 'text', { address: 'a' }, 5];
  const { jobs, userErrors } = await uploadClaims(system, files);
  expect(jobs).toHaveLength(1);
  expect(userErrors.map(({ code, field }) => `${code} ${field.join('.')}`)).toEqual(
    [0, 1, 3, 4, 5, 6, 7].map((index) => `BAD_USER_INPUT input.files.${index}`),
  );
  expect(JSON.stringify(userErrors)).not.toContain('aaaa');
});

test('what the gateway did not keep is told with its own code', async () => {
  await using system = await startSystem(serving.grpcPort);
  const refusal = { kept: false, code: 'FILE_TOO_LARGE', message: 'Expected at most 2 MB' } as const;
  const { jobs, userErrors } = await uploadClaims(system, [sealClaim(system.claimKey, refusal)]);
  expect(jobs).toEqual([]);
  expect(userErrors).toEqual([
    { code: 'FILE_TOO_LARGE', message: 'Expected at most 2 MB', field: ['input', 'files', '0'] },
  ]);
});

test('a torn JPEG and an SVG are UNSUPPORTED_IMAGE in both mutations', async () => {
  await using system = await startSystem(serving.grpcPort);
  const jpeg = await picture('jpeg', 1);
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  const bad = [jpeg.subarray(0, jpeg.length / 2), svg, Buffer.alloc(0)];
  const { jobs, userErrors } = await upload(system, bad);
  expect(jobs).toEqual([]);
  expect(userErrors.map(({ code }) => code)).toEqual(bad.map(() => 'UNSUPPORTED_IMAGE'));
  for (const bytes of bad) {
    const { data, errors } = await system.ask<Classify>(CLASSIFY, { file: await system.claim(bytes) });
    expect(errors).toBeUndefined();
    expect(data.radiographClassify).toMatchObject({
      radiograph: null,
      userErrors: [{ code: 'UNSUPPORTED_IMAGE', field: ['input', 'file'] }],
    });
  }
});

test('no files, and more than fifty, are refused as a whole', async () => {
  await using system = await startSystem(serving.grpcPort);
  const claim = await system.claim(await picture('jpeg', 1));
  for (const count of [0, 51]) {
    const { jobs, userErrors } = await uploadClaims(system, Array(count).fill(claim));
    expect(jobs).toEqual([]);
    expect(userErrors).toEqual([
      {
        code: 'BAD_USER_INPUT',
        message: `Expected 1 to 50 files, got ${count}`,
        field: ['input', 'files'],
      },
    ]);
  }
  expect((await uploadClaims(system, Array(50).fill(claim))).jobs).toHaveLength(50);
});

test('a subscription follows a job to SUCCEEDED and ends', async () => {
  await using system = await startSystem(serving.grpcPort);
  const { jobs } = await upload(system, [await picture('jpeg', 1)]);
  const client = createClient({
    url: `${system.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: system.authorized,
  });
  const query =
    'subscription ($id: ID!) { jobStatus(id: $id) { state radiograph { classification { cached } } } }';
  const seen = [];
  const variables = { id: jobs[0]?.id };
  const extensions = { caller: { subject: 'test', scopes: 'all' } };
  for await (const { data, errors } of client.iterate({ query, variables, extensions })) {
    expect(errors).toBeUndefined();
    seen.push((data as { jobStatus: { state: string } }).jobStatus);
  }
  await client.dispose();
  expect(seen.at(-1)).toEqual({
    state: 'SUCCEEDED',
    radiograph: { classification: { cached: false } },
  });
  expect(seen.filter(({ state }) => state === 'SUCCEEDED')).toHaveLength(1);
});
