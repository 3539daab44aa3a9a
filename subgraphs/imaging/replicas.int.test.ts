import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { postgresServer, type RunningPostgres, startPostgres } from '#common/testing/postgres.ts';
import { type RunningRedis, redisServer, startRedis } from '#common/testing/redis.ts';
import { verifyTrail } from './domain/audit.ts';
import { openLedger } from './stores/open-ledger.ts';
import { type Client, imagingClient, jobOf, picture, upload } from './testing/client.ts';
import { type ServiceProcess, startImagingProcess, startServingProcess } from './testing/imaging-process.ts';
import { aFolder } from './testing/system.ts';

const canRun = postgresServer !== undefined && redisServer !== undefined;
if (!canRun) console.warn('SKIPPED: replicas of imaging, for want of a postgres and a redis-server');

const JOBS = 6;

/** The states and attempts of jobs. */
const standOf = async (client: Client, jobs: readonly { id: string }[]) => {
  const read = await Promise.all(jobs.map(({ id }) => jobOf(client, id)));
  return read.map(({ state, attempts }) => `${state} ${attempts}`);
};
const all = (stand: string) => Array(JOBS).fill(stand);

/** Follows a job to its end. */
async function lastState(client: Client, id: string | undefined): Promise<unknown> {
  const socket = createClient({
    url: `${client.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: client.authorized,
  });
  const query = 'subscription ($id: ID!) { jobStatus(id: $id) { state } }';
  const extensions = { caller: { subject: 'test', scopes: 'all' } };
  let last: unknown;
  for await (const { data } of socket.iterate({ query, variables: { id }, extensions })) last = data;
  await socket.dispose();
  return last;
}

describe.skipIf(!canRun)('replicas of imaging', () => {
  let postgres: RunningPostgres;
  let redis: RunningRedis;
  let serving: ServiceProcess & { grpcPort: number };
  beforeAll(async () => {
    [postgres, redis, serving] = await Promise.all([startPostgres(), startRedis(), startServingProcess()]);
  });
  afterAll(async () => {
    await serving[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    await postgres[Symbol.asyncDispose]();
  });

  const engines: Record<string, () => Promise<NodeJS.ProcessEnv>> = {
    SQLite: async () => ({}),
    PostgreSQL: async () => ({ DATABASE_URL: await postgres.database() }),
    'PostgreSQL and Redis': async () => ({
      DATABASE_URL: await postgres.database(),
      REDIS_URL: redis.url,
    }),
  };

  /** An API process, and jobs that a worker process has begun while the model server stands still. */
  async function aRun(engine: string) {
    await using starting = new AsyncDisposableStack();
    const folder = starting.use(await aFolder());
    const model = { TF_SERVING: `cpu=127.0.0.1:${serving.grpcPort}` };
    const env: NodeJS.ProcessEnv = { ...model, ...(await engines[engine]?.()) };
    const worker = () => startImagingProcess(folder.path, { role: 'worker', env });
    const api = starting.use(await startImagingProcess(folder.path, { role: 'api', env }));
    const client = await imagingClient(api.url, folder.path);
    serving.hold();
    starting.defer(() => serving.resume());
    const pictures = await Promise.all(Array.from({ length: JOBS }, (_, i) => picture('png', i)));
    const { jobs } = await upload(client, pictures, '7');
    const first = starting.use(await worker());
    await expect.poll(() => standOf(client, jobs), { timeout: 10_000 }).toEqual(all('RUNNING 1'));
    const stack = starting.move();
    return {
      ...{ client, jobs, first, worker },
      async trail() {
        await using ledger = await openLedger({ dataDir: folder.path, databaseUrl: env.DATABASE_URL });
        expect(await verifyTrail(ledger)).toMatchObject({ whole: true });
        return await ledger.auditRows(0, 1_000);
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  }

  test.each(Object.keys(engines))(
    'over %s the jobs of a worker that was killed are done by another, once',
    {
      timeout: 60_000,
    },
    async (engine) => {
      await using run = await aRun(engine);
      const { client, jobs } = run;
      const followed = lastState(client, jobs[0]?.id);
      // Should the test fail before it asks.
      followed.catch(() => undefined);
      await run.first.end('SIGKILL');
      serving.resume();
      await using _second = await run.worker();
      await expect.poll(() => standOf(client, jobs), { timeout: 40_000 }).toEqual(all('SUCCEEDED 2'));
      expect(await followed).toEqual({ jobStatus: { state: 'SUCCEEDED' } });
      const done = (await run.trail()).filter(({ action }) => action === 'CLASSIFY');
      expect(done.map(({ target }) => target).sort()).toEqual(
        jobs.map(({ radiograph }) => radiograph.id).sort(),
      );
    },
  );

  test.each(Object.keys(engines))(
    'over %s a worker that is asked to stop gives its jobs back and ends well',
    {
      timeout: 60_000,
    },
    async (engine) => {
      await using run = await aRun(engine);
      const { client, jobs } = run;
      expect(await run.first.end('SIGTERM')).toBe(0);
      expect(await standOf(client, jobs)).toEqual(all('QUEUED 0'));
      serving.resume();
      await using _second = await run.worker();
      await expect.poll(() => standOf(client, jobs), { timeout: 20_000 }).toEqual(all('SUCCEEDED 1'));
    },
  );

  test('while PostgreSQL is away uploads are refused as OVERLOADED and nothing is ready; then all goes on', {
    timeout: 60_000,
  }, async () => {
    await using folder = await aFolder();
    await using own = await startPostgres();
    const env = {
      DATABASE_URL: await own.database(),
      TF_SERVING: `cpu=127.0.0.1:${serving.grpcPort}`,
    };
    await using both = await startImagingProcess(folder.path, { env });
    const client = await imagingClient(both.url, folder.path);
    const ready = async () => (await fetch(`${both.url}/readyz`)).status;
    const send = async (seed: number) =>
      client.ask<{ radiographUpload: { jobs: { id: string }[] } }>(
        'mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) { jobs { id } } }',
        { files: [await client.claim(await picture('png', seed))] },
      );
    expect(await ready()).toBe(200);
    const kept = (await send(1)).data.radiographUpload.jobs;
    await own.crash();
    const refused = await send(2);
    expect(refused).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'OVERLOADED', retryAfterSeconds: 5 } }],
    });
    expect(JSON.stringify(refused)).not.toMatch(/127\.0\.0\.1|ECONN|postgres/i);
    expect(await ready()).toBe(503);
    expect((await fetch(`${both.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${both.url}/metrics`)).status).toBe(200);
    await own.start();
    await expect.poll(ready, { timeout: 10_000 }).toBe(200);
    const later = (await send(3)).data.radiographUpload.jobs;
    for (const { id } of [...kept, ...later])
      await expect.poll(() => jobOf(client, id), { timeout: 20_000 }).toMatchObject({ state: 'SUCCEEDED' });
  });
});
