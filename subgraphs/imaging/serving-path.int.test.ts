import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redisServer, startRedis } from '#common/testing/redis.ts';
import { startServing } from '../../serving/server.ts';
import { startImaging } from './server.ts';
import { type Client, picture } from './testing/client.ts';
import { type FaultServing, startFaultServing } from './testing/fault-serving.ts';
import { startServingProcess } from './testing/serving-process.ts';
import { aFolder, DEAD_PORT, SERVING, systems } from './testing/system.ts';
import { startTcpProxy } from './testing/tcp-proxy.ts';

const { startOn, startSystem } = systems(startImaging);
let serving: Awaited<ReturnType<typeof startServing>>;
beforeAll(async () => {
  serving = await startServing(SERVING, pino({ level: 'silent' }));
});
afterAll(() => serving[Symbol.asyncDispose]());

/** This machine may be busy. */
const PATIENT = { timeout: 15_000 };

type Answered = {
  findings: { code: string; probability: number }[];
  cached: boolean;
  pool: string;
  model: { version: string; digest: string | null };
};
const CLASSIFY = `mutation ($file: Upload!) { radiographClassify(input: { file: $file }) { radiograph { classification {
  findings { code probability } cached pool model { version digest } } } } }`;

async function classify(client: Client, seed: number): Promise<Answered> {
  const file = await client.claim(await picture('png', seed));
  const { data, errors } = await client.ask<{
    radiographClassify: { radiograph: { classification: Answered } };
  }>(CLASSIFY, { file });
  if (errors) throw new Error(`Expected a classification, got: ${JSON.stringify(errors)}`);
  return data.radiographClassify.radiograph.classification;
}

/** A metric of the subgraph by the value of one label. */
async function metric(client: Client, name: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${client.url}/metrics`)).text();
  const lines = [...text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, 'gm'))];
  return Object.fromEntries(
    lines.map(([, labels = '', value]) => [
      /(?:outcome|pool)="([^"]+)"/.exec(labels)?.[1] ?? '',
      Number(value),
    ]),
  );
}

describe.skipIf(!redisServer)('with the cache in Redis', () => {
  test('what was inferred before a new start is found after it', async () => {
    await using redis = await startRedis();
    await using folder = await aFolder();
    const settings = { REDIS_CACHE_URL: redis.url };
    const first = await (async () => {
      await using system = await startOn(folder.path, serving.grpcPort, settings);
      const answered = await classify(system, 1);
      await expect.poll(async () => (await classify(system, 1)).cached, PATIENT).toBe(true);
      return answered;
    })();
    expect(first.cached).toBe(false);
    await using again = await startOn(folder.path, serving.grpcPort, settings);
    await expect.poll(() => classify(again, 1), PATIENT).toEqual({ ...first, cached: true });
  });

  test('a Redis that falls mute changes no answer, and only a few look-ups wait for it', async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis.port);
    await using system = await startSystem(serving.grpcPort, {
      REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
    });
    const { findings } = await classify(system, 1);
    await expect.poll(async () => (await classify(system, 1)).cached, PATIENT).toBe(true);
    const { error: before = 0 } = await metric(system, 'inference_cache_lookups_total');
    proxy.mode = { kind: 'mute' };
    for (let i = 0; i < 20; i += 1)
      expect(await classify(system, 1)).toMatchObject({ cached: false, findings });
    const { error = 0, resting = 0 } = await metric(system, 'inference_cache_lookups_total');
    expect(error - before).toBeLessThan(10);
    expect(resting).toBeGreaterThan(10);
    proxy.mode = { kind: 'open' };
    await expect.poll(async () => (await classify(system, 1)).cached, PATIENT).toBe(true);
  });

  test('without its Redis at the start everything is inferred', async () => {
    await using system = await startSystem(serving.grpcPort, { REDIS_URL: `redis://127.0.0.1:${DEAD_PORT}` });
    const answers = [await classify(system, 1), await classify(system, 1)];
    expect(answers.map(({ cached }) => cached)).toEqual([false, false]);
    expect(answers[1]?.findings).toEqual(answers[0]?.findings);
  });
});

test('a model server that is killed under load fails no job, and the answer says which pool it is from', async () => {
  await using gpu = await startServingProcess();
  const TF_SERVING = `gpu=127.0.0.1:${gpu.grpcPort},cpu=127.0.0.1:${serving.grpcPort}`;
  await using system = await startSystem(DEAD_PORT, { TF_SERVING });
  expect((await classify(system, 0)).pool).toBe('gpu');
  let done = 0;
  const answers = Array.from({ length: 8 }, async (_, caller) => {
    const pools = [];
    for (let round = 0; round < 10; round += 1) {
      pools.push((await classify(system, 1 + caller * 10 + round)).pool);
      done += 1;
    }
    return pools;
  });
  await expect.poll(() => done, PATIENT).toBeGreaterThan(10);
  await gpu.kill();
  const pools = (await Promise.all(answers)).flat();
  expect(new Set(pools)).toEqual(new Set(['gpu', 'cpu']));
  expect(pools).toHaveLength(80);
  expect(await metric(system, 'job_attempts_total')).toEqual({ SUCCEEDED: 81 });
});

/** A model `m` with two versions of which the second is sure of the other label; they have cards of their own. */
async function twoVersions() {
  const folder = await aFolder();
  for (const version of ['1', '2']) {
    const at = join(folder.path, 'm', version);
    mkdirSync(at, { recursive: true });
    const labels = ['DARK', 'BRIGHT'].map((code) => ({ code, display: code }));
    writeFileSync(join(at, 'metadata.json'), JSON.stringify({ name: 'm', labels, positiveThreshold: {} }));
    writeFileSync(join(at, 'model.onnx'), `weights ${version}`);
  }
  return { folder, settings: { MODEL_NAME: 'm', MODEL_BASE_PATH: folder.path } };
}
async function startTrial(server: FaultServing, trial: NodeJS.ProcessEnv) {
  const { folder, settings } = await twoVersions();
  const system = await startSystem(server.port, { ...settings, ...trial });
  return {
    ...system,
    async [Symbol.asyncDispose]() {
      await system[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('a canary answers its share of the images, each time the same ones, under its own card', async () => {
  await using server = await startFaultServing({ versions: ['1', '2'] });
  await using system = await startTrial(server, { MODEL_CANARY: '2:0.5' });
  const first = [];
  for (let seed = 0; seed < 24; seed += 1) first.push(await classify(system, seed));
  expect(new Set(first.map(({ model }) => model.version))).toEqual(new Set(['1', '2']));
  expect(new Set(first.map(({ model }) => model.digest)).size).toBe(2);
  for (const [seed, before] of first.entries())
    expect(await classify(system, seed)).toEqual({ ...before, cached: true });
  expect(await metric(system, 'inference_canary_total')).toEqual({
    answered: 2 * first.filter(({ model }) => model.version === '2').length,
  });
  // Gone from the server, it is asked no more and its share is answered by the other.
  server.behaviour.versions = ['1'];
  await expect
    .poll(async () => (await classify(system, 100 + server.calls.length)).model.version, PATIENT)
    .toBe('1');
});

test('a shadow is compared and never seen', async () => {
  await using server = await startFaultServing({ versions: ['1', '2'] });
  await using system = await startTrial(server, { MODEL_SHADOW: '2:1' });
  for (let seed = 0; seed < 10; seed += 1) {
    expect((await classify(system, seed)).model.version).toBe('1');
    await expect
      .poll(async () => {
        const outcomes = Object.values(await metric(system, 'inference_shadow_total'));
        return outcomes.reduce((sum, count) => sum + count, 0);
      }, PATIENT)
      .toBe(seed + 1);
  }
  expect(await metric(system, 'inference_shadow_total')).toEqual({ different: 10 });
  expect(server.calls.map(({ version }) => version)).toEqual(
    Array.from({ length: 10 }, () => ['1', '2']).flat(),
  );
});
