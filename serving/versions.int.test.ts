import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import {
  numbers,
  SLOW_MODEL,
  type SlowServing,
  slowAnswer,
  slowRequest,
  startSlowServing,
} from './testing/slow-serving.ts';
import { versionPolicy } from './version-policy.ts';

let serving: SlowServing;
afterEach(() => serving[Symbol.asyncDispose]());

const states = (wanted: string[]) =>
  vi.waitFor(async () => expect(await serving.states()).toEqual(wanted), { timeout: 15_000, interval: 10 });
const answeredBy = async (version?: number) => {
  const { model_spec } = await serving.client.predict(slowRequest([1], version));
  return model_spec.version.value;
};
const notFound = (version: number) =>
  expect(answeredBy(version)).rejects.toMatchObject({
    code: 5,
    details: `Servable not found for request: Specific(slow, ${version})`,
  });
const FAILED = 'END: The model could not be loaded';

test('a new version takes over without a call lost; the old one finishes its calls and goes', async () => {
  serving = await startSlowServing();
  const inFlight = serving.client.predict(slowRequest(numbers(64)));
  serving.addVersion(2);
  const seen: string[] = [];
  let end = false;
  const calls = (async () => {
    while (!end) seen.push(await answeredBy());
  })();
  await states(['2 AVAILABLE', '1 END']);
  end = true;
  await calls;
  expect(slowAnswer(await inFlight)).toEqual(numbers(64));
  expect((await inFlight).model_spec.version.value).toBe('1');
  expect(seen.join('')).toMatch(/^1+2+$/);
  await notFound(1);
  expect(await serving.metric('serving_loads_total', 'model="slow",outcome="ok"')).toBe(2);
  expect(await serving.metric('serving_unloads_total', 'model="slow"')).toBe(1);
});

test('while a version is drained it is UNLOADING, and takes no new call', async () => {
  serving = await startSlowServing();
  let end = false;
  // Whenever the versions change, calls are under way that the old one has to finish.
  const callers = [1, 2, 3].map(async () => {
    while (!end) await serving.client.predict(slowRequest(numbers(64)));
  });
  serving.addVersion(2);
  await states(['2 AVAILABLE', '1 UNLOADING']);
  end = true;
  await notFound(1);
  await Promise.all(callers);
  await states(['2 AVAILABLE', '1 END']);
}, 60_000);

test('a folder that is being written is left alone until nothing changes in it', async () => {
  serving = await startSlowServing();
  const bytes = readFileSync(join(SLOW_MODEL, 'model.onnx'));
  mkdirSync(join(serving.folder, '2'));
  const slice = Math.ceil(bytes.length / 60);
  const written = (async () => {
    for (let at = 0; at < bytes.length; at += slice) {
      appendFileSync(join(serving.folder, '2/model.onnx'), bytes.subarray(at, at + slice));
      await delay(50);
    }
  })();
  await states(['2 START', '1 AVAILABLE']);
  await delay(1_500);
  expect(await serving.states()).toEqual(['2 START', '1 AVAILABLE']);
  await written;
  await states(['2 AVAILABLE', '1 END']);
  expect(await serving.metric('serving_loads_total', 'outcome="failed"')).toBe(0);
});

test('a version that cannot be loaded ends with an error and the old one serves, until its files change', async () => {
  serving = await startSlowServing();
  mkdirSync(join(serving.folder, '2'));
  await states([`2 ${FAILED}`, '1 AVAILABLE']);
  writeFileSync(join(serving.folder, '2/model.onnx'), 'no network');
  await vi.waitFor(
    async () => expect(await serving.metric('serving_loads_total', 'outcome="failed"')).toBe(2),
    { timeout: 15_000 },
  );
  await states([`2 ${FAILED}`, '1 AVAILABLE']);
  expect(await answeredBy()).toBe('1');
  const rest = await fetch(`http://127.0.0.1:${serving.restPort}/v1/models/slow/versions/2`);
  expect(await rest.json()).toEqual({
    model_version_status: [
      {
        version: '2',
        state: 'END',
        status: { error_code: 'UNKNOWN', error_message: 'The model could not be loaded' },
      },
    ],
  });
  renameSync(join(serving.folder, '2'), join(serving.folder, 'away'));
  serving.addVersion(2);
  await states(['2 AVAILABLE', '1 END']);
});

test('a version whose folder is removed is unloaded, once the one before it is back', async () => {
  serving = await startSlowServing({}, [1, 2]);
  await states(['2 AVAILABLE']);
  rmSync(join(serving.folder, '2'), { recursive: true });
  let end = false;
  const calls = (async () => {
    while (!end) await answeredBy();
  })();
  await states(['2 END', '1 AVAILABLE']);
  end = true;
  await calls;
  rmSync(join(serving.folder, '1'), { recursive: true });
  await states(['2 END', '1 END']);
  await expect(answeredBy()).rejects.toMatchObject({
    details: 'Servable not found for request: Latest(slow)',
  });
});

test('while the folder of the models cannot be read, what is served stays', async () => {
  serving = await startSlowServing();
  const base = join(serving.folder, '..');
  renameSync(base, `${base}-away`);
  await delay(2_500);
  expect(await serving.states()).toEqual(['1 AVAILABLE']);
  renameSync(`${base}-away`, base);
  serving.addVersion(2);
  await states(['2 AVAILABLE', '1 END']);
});

test('a latest version that cannot be loaded at the start leaves the one before it to serve', async () => {
  serving = await startSlowServing({}, [1], [3]);
  expect(await serving.states()).toEqual([`3 ${FAILED}`, '1 AVAILABLE']);
  expect(await answeredBy()).toBe('1');
});

test('two versions serve at once under latest:2, and a third takes the place of the first', async () => {
  const policy = versionPolicy('latest:2');
  serving = await startSlowServing({ versionPolicy: policy }, [1, 2]);
  await states(['2 AVAILABLE', '1 AVAILABLE']);
  expect(await Promise.all([answeredBy(), answeredBy(1), answeredBy(2)])).toEqual(['2', '1', '2']);
  serving.addVersion(3);
  await states(['3 AVAILABLE', '2 AVAILABLE', '1 END']);
  expect(await answeredBy(2)).toBe('2');
});
