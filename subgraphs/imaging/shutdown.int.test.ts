import { afterAll, beforeAll, expect, test } from 'vitest';
import { redisServer, startRedis } from '#common/testing/redis.ts';
import { openSqliteLedger } from './stores/sqlite-ledger.ts';
import { type Answer, imagingClient, picture } from './testing/client.ts';
import { type ServiceProcess, startImagingProcess, startServingProcess } from './testing/imaging-process.ts';
import { aFolder } from './testing/system.ts';

const CLASSIFY =
  'mutation ($file: Upload!) { radiographClassify(input: { file: $file }) { radiograph { id } } }';
/** Well below the 10 seconds for which a connection or a timer used to be waited for, and far above what it takes. */
const SOON_MS = 6_000;

let serving: ServiceProcess & { grpcPort: number };
beforeAll(async () => {
  serving = await startServingProcess();
  // The jobs of these tests never come to an end.
  serving.hold();
});
afterAll(() => serving[Symbol.asyncDispose]());

/** A process that somebody waits on for a classification. */
async function aRun(role: 'api' | 'both', headers: Record<string, string>) {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await aFolder());
  const env = { TF_SERVING: `cpu=127.0.0.1:${serving.grpcPort}` };
  const imaging = starting.use(await startImagingProcess(folder.path, { role, env }));
  const client = await imagingClient(imaging.url, folder.path);
  const file = await client.claim(await picture('png', 1));
  const answer: Promise<Answer<unknown>> = client.ask(CLASSIFY, { file }, headers);
  const wanted = role === 'both' ? /^jobs_in_flight\{.*\} 1$/m : /^jobs_by_state\{.*QUEUED.*\} 1$/m;
  const metrics = async () => (await fetch(`${imaging.url}/metrics`)).text();
  await expect.poll(metrics, { timeout: 10_000, interval: 50 }).toMatch(wanted);
  const begun = performance.now();
  const stack = starting.move();
  return {
    answer,
    ended: imaging.end('SIGTERM').then((code) => ({ code, ms: performance.now() - begun })),
    async jobs() {
      await using ledger = openSqliteLedger(folder.path);
      return ledger.overdue(0, 5);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test('who is answered after the end began is not waited for any longer', { timeout: 30_000 }, async () => {
  await using run = await aRun('api', { 'x-radiograph-deadline-ms': '3000' });
  expect((await run.answer).errors).toMatchObject([{ extensions: { code: 'DEADLINE_EXCEEDED' } }]);
  const { code, ms } = await run.ended;
  expect(code).toBe(0);
  expect(ms).toBeLessThan(SOON_MS);
});

test('a long request and a long job end side by side: one is answered, the other given back', {
  timeout: 30_000,
}, async () => {
  await using run = await aRun('both', { 'x-radiograph-deadline-ms': '30000' });
  const [fault] = (await run.answer).errors ?? [];
  expect(fault).toMatchObject({ extensions: { code: 'OVERLOADED' } });
  expect(fault?.message).toContain('its job goes on');
  expect((await run.ended).code).toBe(0);
  expect(await run.jobs()).toMatchObject([{ state: 'QUEUED', attempts: 0 }]);
});

if (!redisServer) console.warn('SKIPPED: a process with a queue on Redis ends, for want of a redis-server');
test.skipIf(redisServer === undefined)('with a queue on Redis an idle process ends at once', async () => {
  await using folder = await aFolder();
  await using redis = await startRedis();
  await using imaging = await startImagingProcess(folder.path, { env: { REDIS_URL: redis.url } });
  const begun = performance.now();
  expect(await imaging.end('SIGTERM')).toBe(0);
  expect(performance.now() - begun).toBeLessThan(SOON_MS);
});
