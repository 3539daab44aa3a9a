import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServing } from '../../serving/server.ts';
import { startImaging } from './server.ts';
import { jobOf, picture, upload } from './testing/client.ts';
import { aFolder, DEAD_PORT, SERVING, systems } from './testing/system.ts';

const { startOn, startSystem } = systems(startImaging);
let serving: Awaited<ReturnType<typeof startServing>>;
beforeAll(async () => {
  serving = await startServing(SERVING, pino({ level: 'silent' }));
});
afterAll(() => serving[Symbol.asyncDispose]());

const MODELS = '{ models { name versions { name version state digest engine } } }';
const CLASSIFY = `mutation ($file: Upload!) { radiographClassify(input: { file: $file }) {
  radiograph { id } userErrors { code } } }`;

test('the models are told as their server reports them, with the digest of their weights', async () => {
  await using system = await startSystem(serving.grpcPort);
  const { data, errors } = await system.ask(MODELS);
  expect(errors).toBeUndefined();
  const digest = expect.stringMatching(/^[0-9a-f]{64}$/);
  const version = { name: 'covid19', version: '1', state: 'AVAILABLE', digest };
  expect(data).toEqual({
    models: [{ name: 'covid19', versions: [{ ...version, engine: 'Embedded ONNX Runtime' }] }],
  });
});

test('with a dead model server the known versions are UNKNOWN, and the service stays ready', async () => {
  await using system = await startSystem(DEAD_PORT);
  const { data } = await system.ask(MODELS);
  const digest = expect.stringMatching(/^[0-9a-f]{64}$/);
  expect(data).toMatchObject({
    models: [{ name: 'covid19', versions: [{ version: '1', state: 'UNKNOWN', digest }] }],
  });
  expect((await fetch(`${system.url}/readyz`)).status).toBe(200);
});

test('with a dead model server classify ends with MODEL_UNAVAILABLE', { timeout: 40_000 }, async () => {
  await using system = await startSystem(DEAD_PORT);
  const file = await system.claim(await picture('jpeg', 1));
  const { data, errors } = await system.ask(CLASSIFY, { file });
  expect(data).toBeNull();
  expect(errors).toMatchObject([{ extensions: { code: 'MODEL_UNAVAILABLE' } }]);
  expect(JSON.stringify(errors)).not.toContain('127.0.0.1');
});

test('a caller whose time is up is told what kept the job, which goes on', async () => {
  await using system = await startSystem(DEAD_PORT);
  const file = await system.claim(await picture('jpeg', 1));
  const { errors } = await system.ask(CLASSIFY, { file }, { 'x-radiograph-deadline-ms': '3000' });
  expect(errors).toMatchObject([{ extensions: { code: 'MODEL_UNAVAILABLE' } }]);
  expect(errors?.[0]?.message).toContain('its job goes on');
});

test('a job that was queued is finished by the next start on the same folder', async () => {
  await using folder = await aFolder();
  const taken = await (async () => {
    await using system = await startOn(folder.path, DEAD_PORT);
    const [job] = (await upload(system, [await picture('png', 1)])).jobs;
    await expect
      .poll(() => jobOf(system, job?.id), { timeout: 10_000 })
      .toMatchObject({ state: 'QUEUED', error: { code: 'MODEL_UNAVAILABLE' } });
    return job;
  })();
  await using again = await startOn(folder.path, serving.grpcPort);
  await expect
    .poll(() => jobOf(again, taken?.id), { timeout: 10_000 })
    .toMatchObject({ state: 'SUCCEEDED', error: null, radiograph: { classification: { cached: false } } });
  expect((await jobOf(again, taken?.id)).attempts).toBeGreaterThan(1);
});

test('a job whose model server comes back is finished without a new start', async () => {
  const first = await startServing(SERVING, pino({ level: 'silent' }));
  await using system = await startSystem(first.grpcPort);
  await first[Symbol.asyncDispose]();
  const [job] = (await upload(system, [await picture('png', 1)])).jobs;
  await expect
    .poll(() => jobOf(system, job?.id), { timeout: 10_000 })
    .toMatchObject({ error: { code: 'MODEL_UNAVAILABLE' } });
  await using _back = await startServing({ ...SERVING, grpcPort: first.grpcPort }, pino({ level: 'silent' }));
  await expect
    .poll(() => jobOf(system, job?.id), { timeout: 10_000 })
    .toMatchObject({ state: 'SUCCEEDED', error: null });
});
