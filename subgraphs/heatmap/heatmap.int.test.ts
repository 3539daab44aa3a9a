import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openFileToken } from '#common/file-token.ts';
import { openFolderBlobStore } from '#common/folder-blob-store.ts';
import { openHeatmapClaim } from '#common/heatmap-claim.ts';
import { openKeys } from '#common/keys.ts';
import { asGateway } from '#common/testing/as-gateway.ts';
import { heatmapConfig } from './config.ts';
import { startHeatmap } from './server.ts';

const QUERY = `query ($of: [_Any!]!, $finding: String, $colormap: Colormap, $opacity: Float) {
  _entities(representations: $of) { ... on Radiograph { heatmap(finding: $finding, colormap: $colormap, opacity: $opacity) {
    method finding { code probability } peak { x y } regions { x y width height score }
    image { url mediaType width height bytes } } } } }`;
const PEAK =
  'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Radiograph { heatmap { peak { x y } } } } }';

/** Two findings on 2 × 2 places: A is highest at the upper left, B at the lower right. */
const MAPS = {
  labels: [
    { code: 'A', display: 'The first' },
    { code: 'B', display: 'The second' },
  ],
  probabilities: [0.25, 0.75],
  height: 2,
  width: 2,
  maps: Buffer.from(Float32Array.from([8, -1, 0, 0, 0, 0, -1, 8]).buffer).toString('base64'),
  modelDigest: 'digest',
};

async function startSystem() {
  const dataDir = await mkdtemp(join(tmpdir(), 'heatmap-'));
  const config = heatmapConfig({ DATA_DIR: dataDir, HEATMAP_PORT: '0', LOG_LEVEL: 'silent' });
  const server = await startHeatmap(config, pino({ level: 'silent' }));
  const keys = await openKeys(dataDir);
  const blobs = await openFolderBlobStore(dataDir, keys);
  const grey = await sharp({ create: { width: 320, height: 200, channels: 3, background: '#646464' } })
    .png()
    .toBuffer();
  const { address } = await blobs.put([grey]);
  const radiograph = {
    __typename: 'Radiograph',
    id: 'r1',
    activationMaps: MAPS as unknown,
    imageAddress: address,
  };
  return {
    radiograph,
    blobs,
    grey,
    async ask(variables: object, of: object = radiograph, query = QUERY) {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(await asGateway(dataDir, 'heatmap')) },
        body: JSON.stringify({ query, variables: { of: [of], ...variables } }),
      });
      const answer = (await response.json()) as {
        data?: { _entities: { heatmap: never }[] };
        errors?: never[];
      };
      // biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests check
      return { heatmap: answer.data?._entities[0]?.heatmap as any, errors: answer.errors as any };
    },
    async picture(url: string) {
      const file = openFileToken(keys('file-token'), url.replace('/files/', ''));
      const stored = await blobs.get(file?.address ?? '');
      if (!stored) throw new Error('Expected a stored picture behind the link');
      return sharp(stored).raw().toBuffer({ resolveWithObject: true });
    },
    claimed: (claim: string) => openHeatmapClaim(keys('heatmap-claim'), claim),
    metrics: async () => (await fetch(`${server.url}/metrics`)).text(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true });
    },
  };
}

test('the most probable finding is drawn over the radiograph and stored behind the link', async () => {
  await using system = await startSystem();
  const { heatmap, errors } = await system.ask({ colormap: 'JET', opacity: 1 });
  expect(errors).toBeUndefined();
  expect(heatmap).toMatchObject({
    method: 'GRAD_CAM',
    finding: { code: 'B', probability: 0.75 },
    peak: { x: 240, y: 150 },
    regions: [{ score: 1 }],
    image: { mediaType: 'image/jpeg', width: 320, height: 200 },
  });
  const { data, info } = await system.picture(heatmap.image.url);
  expect(info).toMatchObject({ width: 320, height: 200, channels: 3 });
  const red = [...data.subarray(-3)];
  const blue = [...data.subarray(0, 3)];
  for (const [i, value] of [128, 0, 0].entries()) expect(Math.abs((red[i] ?? 0) - value)).toBeLessThan(12);
  for (const [i, value] of [0, 0, 128].entries()) expect(Math.abs((blue[i] ?? 0) - value)).toBeLessThan(12);
});

test('opacity 0 leaves the radiograph as it is', async () => {
  await using system = await startSystem();
  const { heatmap } = await system.ask({ finding: 'A', opacity: 0 });
  expect(heatmap.peak).toEqual({ x: 80, y: 50 });
  const { data } = await system.picture(heatmap.image.url);
  expect([...data].every((value) => Math.abs(value - 100) <= 1)).toBe(true);
});

test('no maps yet means no heatmap, and no error', async () => {
  await using system = await startSystem();
  const answer = await system.ask({}, { ...system.radiograph, activationMaps: null });
  expect(answer).toEqual({ heatmap: null, errors: undefined });
});

test('what cannot be drawn is refused with its code', async () => {
  await using system = await startSystem();
  const unknown = await system.ask({ finding: 'FLU' });
  expect(unknown.errors[0]).toMatchObject({
    message: expect.stringContaining('A, B'),
    extensions: { code: 'BAD_USER_INPUT' },
  });
  for (const opacity of [-0.1, 1.5])
    expect((await system.ask({ opacity })).errors[0].extensions.code).toBe('BAD_USER_INPUT');
  const damaged = { ...system.radiograph, activationMaps: { ...MAPS, probabilities: [1] } };
  expect((await system.ask({}, damaged)).errors[0].extensions.code).toBe('INTERNAL');
  const gone = await system.ask({}, { ...system.radiograph, imageAddress: '0'.repeat(64) });
  expect(gone.heatmap).toBeNull();
  expect(gone.errors[0].extensions.code).toBe('NOT_FOUND');
  expect(JSON.stringify(gone.errors)).not.toContain('00000000');
});

test('fifty equal requests at once draw one picture', async () => {
  await using system = await startSystem();
  const answers = await Promise.all(Array.from({ length: 50 }, () => system.ask({})));
  expect(new Set(answers.map(({ heatmap }) => heatmap.image.bytes)).size).toBe(1);
  const metrics = await system.metrics();
  expect(metrics).toMatch(/heatmap_draw_seconds_count\{.*TURBO.*\} 1\n/);
  expect(metrics).toMatch(/heatmap_reused_total\{.*\} 49\n/);
});

test('pictures drawn side by side have the pixels of those drawn one after the other', async () => {
  const opacities = [0.2, 0.4, 0.6, 0.8];
  await using alone = await startSystem();
  await using beside = await startSystem();
  const drawnIn = async ({ ask, picture }: typeof alone, opacity: number) => {
    const { heatmap } = await ask({ opacity });
    return (await picture(heatmap.image.url)).data;
  };
  const together = await Promise.all(opacities.map((opacity) => drawnIn(beside, opacity)));
  for (const [i, opacity] of opacities.entries())
    expect((await drawnIn(alone, opacity)).equals(together[i] as Buffer)).toBe(true);
});

test('a question for the peak draws nothing', async () => {
  await using system = await startSystem();
  const { heatmap } = await system.ask({}, system.radiograph, PEAK);
  expect(heatmap).toEqual({ peak: { x: 240, y: 150 } });
  expect(await system.metrics()).not.toMatch(/heatmap_draw_seconds_count\{/);
});

test('a picture goes with its radiograph, and is drawn again when that comes again', async () => {
  await using system = await startSystem();
  const { imageAddress } = system.radiograph;
  const before = await system.ask({});
  await system.blobs.delete(imageAddress);
  await expect(system.picture(before.heatmap.image.url)).rejects.toThrow('Expected a stored picture');
  for await (const { address } of system.blobs.list()) expect.unreachable(address);
  await system.blobs.put([system.grey]);
  const again = await Promise.all([system.ask({}), system.ask({}), system.ask({})]);
  for (const { heatmap } of again) await system.picture(heatmap.image.url);
  expect(await system.metrics()).toMatch(/heatmap_draw_seconds_count\{.*TURBO.*\} 2\n/);
});

test('the claim of a heatmap names its radiograph, finding, method and model, and the picture that was drawn', async () => {
  await using system = await startSystem();
  const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Radiograph {
    heatmap(finding: "A", method: GRAD_CAM_SOFTMAX, opacity: 0) { claim image { url } } } } }`;
  const { heatmap } = await system.ask({}, system.radiograph, query);
  const { address, ...said } = system.claimed(heatmap.claim) ?? { address: '' };
  expect(said).toEqual({
    radiographId: 'r1',
    finding: 'A',
    method: 'GRAD_CAM_SOFTMAX',
    modelDigest: 'digest',
  });
  const { info } = await sharp(await system.blobs.get(address)).toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ format: 'jpeg', width: 320, height: 200 });
});
