import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test, vi } from 'vitest';
import { ask, startSystem } from './system.ts';

const BRIGHTNESS = join(import.meta.dirname, '../../serving/testing/models/brightness/1');
// Server and versions start anew in each test, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** From which mean grey a version calls a picture BRIGHT, and the threshold that its card has for it. */
const VERSIONS = {
  1: { bright: 127.5, threshold: 0.9 },
  2: { bright: 191.25, threshold: 0.8 },
  3: { bright: 63.75, threshold: 0.7 },
} as const;
type Version = keyof typeof VERSIONS;

const CLASSIFY = `mutation ($file: Upload!) { radiographClassify(input: { file: $file }) { radiograph { classification {
  finding { code } threshold cached model { version digest } } } } }`;
const WAITS = { timeout: 30_000, interval: 20 };
const STATES = '{ models { versions { version state } } }';

type Reading = {
  readonly finding: { readonly code: string };
  readonly threshold: number;
  readonly cached: boolean;
  readonly model: { readonly version: string; readonly digest: string };
};
type Classified = {
  readonly data: {
    readonly radiographClassify: { readonly radiograph: { readonly classification: Reading } };
  };
  readonly errors?: readonly object[];
};

/** The whole system with a folder of versions that the test changes while it runs.
 *  @param served the versions that are there from the start */
async function startVersions(served: readonly Version[], settings: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'radiograph-versions-'));
  const at = (version: Version) => join(folder, 'brightness', String(version));
  const publish = (version: Version) => {
    const incoming = join(folder, 'brightness', `incoming-${version}`);
    writeVersion(incoming, version);
    renameSync(incoming, at(version));
  };
  for (const version of served) publish(version);
  const stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  // Which pictures a canary answers hangs on their addresses, and those on the key: with one key it is the same each run.
  const keys = join(folder, 'keys');
  mkdirSync(keys);
  writeFileSync(join(keys, 'master.key'), Buffer.alloc(32, 1));
  const system = stack.use(
    await startSystem({
      models: { folder, name: 'brightness', settings },
      storage: { KEYS_DIR: keys },
    }),
  );
  const states = async () => {
    const { data } = (await ask(system.url, STATES)) as unknown as {
      data: { models: { versions: { version: string; state: string }[] }[] };
    };
    return data.models[0]?.versions.map(({ version, state }) => `${version} ${state}`);
  };
  return {
    publish,
    /** Copies a version into place file by file, and ends the second half of its weights once the server has seen the
     *  first.
     *  @returns SHA-256 of its weights */
    async copySlowly(version: Version): Promise<string> {
      const incoming = join(folder, `incoming-${version}`);
      writeVersion(incoming, version);
      const weights = readFileSync(join(incoming, 'model.onnx'));
      mkdirSync(at(version));
      copyFileSync(join(incoming, 'metadata.json'), join(at(version), 'metadata.json'));
      appendFileSync(join(at(version), 'model.onnx'), weights.subarray(0, 300));
      await expect.poll(states, WAITS).toContain(`${version} START`);
      appendFileSync(join(at(version), 'model.onnx'), weights.subarray(300));
      return createHash('sha256').update(weights).digest('hex');
    },
    remove: (version: Version) => rmSync(at(version), { recursive: true }),
    /** Resolves when the server says so. */
    states: (wanted: string[]) => expect.poll(states, WAITS).toEqual(wanted),
    read: (seed: number) => read(system.url, seed),
    /** A metric of imaging by outcome. */
    async outcomes(name: string): Promise<Record<string, number>> {
      const text = await (await fetch(`${system.services.imaging}/metrics`)).text();
      const lines = text.matchAll(new RegExp(`^${name}\\{.*outcome="([^"]+)".*\\} (\\S+)$`, 'gm'));
      return Object.fromEntries([...lines].map(([, outcome, value]) => [outcome, Number(value)]));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The brightness model with another grey in the middle. */
function writeVersion(folder: string, version: Version): void {
  const { bright, threshold } = VERSIONS[version];
  const card = JSON.parse(readFileSync(join(BRIGHTNESS, 'metadata.json'), 'utf8'));
  const weights = readFileSync(join(BRIGHTNESS, 'model.onnx'));
  // The network subtracts 1 from a mean grey that it has scaled to 0 … 2.
  const middle = weights.indexOf(float32(1));
  expect([middle > 0, weights.lastIndexOf(float32(1))]).toEqual([true, middle]);
  float32(bright / 127.5).copy(weights, middle);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.onnx'), weights);
  const positiveThreshold = { DARK: threshold, BRIGHT: threshold };
  writeFileSync(join(folder, 'metadata.json'), JSON.stringify({ ...card, positiveThreshold }));
}

const float32 = (value: number) => Buffer.from(Float32Array.of(value).buffer);

/** The greys take turns; the pictures of a turn are wider than those of the one before. */
const greyOf = (seed: number) => (seed * 37 + 11) % 256;
async function read(url: string, seed: number): Promise<Reading> {
  const grey = greyOf(seed);
  const background = { r: grey, g: grey, b: grey };
  const size = { width: 64 + Math.floor(seed / 256), height: 64 };
  const file = await sharp({ create: { ...size, channels: 3, background } })
    .png()
    .toBuffer();
  const form = new FormData();
  form.set('operations', JSON.stringify({ query: CLASSIFY, variables: { file: null } }));
  form.set('map', JSON.stringify({ 0: ['variables.file'] }));
  form.set('0', new Blob([new Uint8Array(file)]), 'grey.png');
  const headers = { 'apollo-require-preflight': '1' };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: form });
  const { data, errors } = (await response.json()) as Classified;
  if (errors) throw new Error(`Expected a classification, got: ${JSON.stringify(errors)}`);
  return data.radiographClassify.radiograph.classification;
}

/** What a version says of a picture. */
function said(version: string, seed: number) {
  const { bright, threshold } = VERSIONS[Number(version) as Version];
  return { finding: { code: greyOf(seed) > bright ? 'BRIGHT' : 'DARK' }, threshold, model: { version } };
}

/** Two callers read one new picture after the other, and check each answer by the version that it names. */
function lightLoad(read: (seed: number) => Promise<Reading>) {
  /** The versions that answered, by caller, in their order. */
  const seen: string[][] = [[], []];
  let next = 0;
  let isOver = false;
  const all = Promise.all(
    seen.map(async (mine) => {
      while (!isOver) {
        const seed = next++;
        const reading = await read(seed);
        expect(reading).toMatchObject(said(reading.model.version, seed));
        mine.push(reading.model.version);
      }
    }),
  );
  return {
    seen,
    /** Resolves when that is so of what each caller has seen; fails as soon as a picture does. */
    until: (isSo: (mine: readonly string[]) => boolean) =>
      Promise.race([all, expect.poll(() => seen.every(isSo), WAITS).toBe(true)]),
    async end() {
      isOver = true;
      await all;
      return seen.flat().length;
    },
  };
}

const seeds = (count: number) => Array.from({ length: count }, (_, seed) => seed);
/** A counter shows no outcome that has not been. */
const counted = (outcomes: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(outcomes).filter(([, count]) => count > 0));
const LATEST_TWO = { SERVING_VERSION_POLICY: 'latest:2' };

test('a canary of the embedded server answers its share, the same pictures each time, under its own card', async () => {
  await using system = await startVersions([1, 2], { ...LATEST_TWO, MODEL_CANARY: '2:0.3' });
  await system.states(['2 AVAILABLE', '1 AVAILABLE']);
  const first = await Promise.all(seeds(60).map(system.read));
  for (const [seed, reading] of first.entries())
    expect(reading).toMatchObject({ ...said(reading.model.version, seed), cached: false });
  const byCanary = first.filter(({ model }) => model.version === '2').length;
  // 18 of 60, give or take three times the deviation of so many draws.
  expect(byCanary).toBeGreaterThan(7);
  expect(byCanary).toBeLessThan(29);
  expect(new Set(first.map(({ model }) => model.digest)).size).toBe(2);
  const again = await Promise.all(seeds(60).map(system.read));
  expect(again).toEqual(first.map((reading) => ({ ...reading, cached: true })));
  expect(await system.outcomes('inference_canary_total')).toEqual({ answered: 2 * byCanary });
});

test('a canary that is taken away under load costs no answer, and goes on when it is back', async () => {
  await using system = await startVersions([1, 2], { ...LATEST_TWO, MODEL_CANARY: '2:0.5' });
  const load = lightLoad(system.read);
  await load.until((mine) => mine.includes('1') && mine.includes('2'));
  system.remove(2);
  await system.states(['2 END', '1 AVAILABLE']);
  await load.until((mine) => mine.length > 10 && !mine.slice(-10).includes('2'));
  system.publish(2);
  await system.states(['2 AVAILABLE', '1 AVAILABLE']);
  await load.until((mine) => mine.slice(-10).includes('2'));
  const answers = await load.end();
  expect(await system.outcomes('job_attempts_total')).toEqual({ SUCCEEDED: answers });
});

test('a canary that went while nobody asked is missed by nobody', async () => {
  await using system = await startVersions([1, 2], { ...LATEST_TWO, MODEL_CANARY: '2:1' });
  expect(await system.read(0)).toMatchObject(said('2', 0));
  system.remove(2);
  await system.states(['2 END', '1 AVAILABLE']);
  expect(await system.read(1)).toMatchObject(said('1', 1));
  expect(await system.outcomes('inference_canary_total')).toEqual({ answered: 1, fell_back: 1 });
  expect(await system.outcomes('job_attempts_total')).toEqual({ SUCCEEDED: 2 });
});

test('a shadow is compared and never seen', async () => {
  await using system = await startVersions([1, 2], { ...LATEST_TWO, MODEL_SHADOW: '2:1' });
  const compared = { same: 0, different: 0 };
  for (const seed of seeds(24)) {
    expect(await system.read(seed)).toMatchObject({ ...said('1', seed), cached: false });
    const isSame = said('1', seed).finding.code === said('2', seed).finding.code;
    compared[isSame ? 'same' : 'different'] += 1;
    await expect.poll(() => system.outcomes('inference_shadow_total'), WAITS).toEqual(counted(compared));
  }
  expect(compared.same).toBeGreaterThan(0);
  expect(compared.different).toBeGreaterThan(0);
});

test('a version that is copied into place takes over under load without a failed request', async () => {
  await using system = await startVersions([1], {});
  const load = lightLoad(system.read);
  await load.until((mine) => mine.length > 3);
  const digest = await system.copySlowly(2);
  await system.states(['2 AVAILABLE', '1 END']);
  await load.until((mine) => mine.slice(-3).includes('2'));
  const answers = await load.end();
  for (const mine of load.seen) expect(mine.join('')).toMatch(/^1+2+$/);
  expect(await system.outcomes('job_attempts_total')).toEqual({ SUCCEEDED: answers });
  expect((await system.read(9_999)).model).toEqual({ version: '2', digest });
});

test('beside a canary, a version that appears takes the place of the main one without a failed request', async () => {
  await using system = await startVersions([1, 2], { ...LATEST_TWO, MODEL_CANARY: '2:0.3' });
  const load = lightLoad(system.read);
  await load.until((mine) => mine.includes('1'));
  system.publish(3);
  await system.states(['3 AVAILABLE', '2 AVAILABLE', '1 END']);
  await load.until((mine) => mine.slice(-3).includes('3'));
  const answers = await load.end();
  for (const mine of load.seen) expect(mine.join('')).toMatch(/^[12]+[23]+$/);
  expect(await system.outcomes('job_attempts_total')).toEqual({ SUCCEEDED: answers });
});

test('a main version that went while nobody asked is missed by nobody', async () => {
  await using system = await startVersions([1, 2], { ...LATEST_TWO, MODEL_CANARY: '2:0' });
  expect(await system.read(0)).toMatchObject(said('1', 0));
  system.publish(3);
  await system.states(['3 AVAILABLE', '2 AVAILABLE', '1 END']);
  expect(await system.read(1)).toMatchObject(said('3', 1));
  expect(await system.outcomes('job_attempts_total')).toEqual({ SUCCEEDED: 2 });
});
