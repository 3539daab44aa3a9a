import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServing } from '../../serving/server.ts';
import { startImaging } from './server.ts';
import { type Client, jobOf, picture, upload } from './testing/client.ts';
import { aFolder, SERVING, systems } from './testing/system.ts';

const { startOn } = systems(startImaging);
let serving: Awaited<ReturnType<typeof startServing>>;
beforeAll(async () => {
  serving = await startServing(SERVING, pino({ level: 'silent' }));
});
afterAll(() => serving[Symbol.asyncDispose]());

async function startSystem(modelPort: number) {
  const stack = new AsyncDisposableStack();
  const { path } = stack.use(await aFolder());
  const client = stack.use(await startOn(path, modelPort));
  const blobs = async () => {
    const entries = await readdir(join(path, 'blobs'), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };
  return { ...client, blobs, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const DELETE = `mutation ($id: ID!) { radiographDelete(input: { id: $id }) {
  radiograph { id job { id state radiograph { id } } } userErrors { code field } } }`;
type Deleted = {
  radiographDelete: {
    radiograph: { id: string; job: { state: string; radiograph: null } } | null;
    userErrors: { code: string; field: string[] }[];
  };
};

async function remove(client: Client, id: string | undefined) {
  const { data, errors } = await client.ask<Deleted>(DELETE, { id });
  expect(errors).toBeUndefined();
  return data.radiographDelete;
}

async function uploaded(client: Client, bytes: Buffer, state = 'SUCCEEDED') {
  const { jobs } = await upload(client, [bytes]);
  const [job] = jobs;
  await expect.poll(() => jobOf(client, job?.id), { timeout: 10_000 }).toMatchObject({ state });
  return { jobId: job?.id ?? '', id: job?.radiograph.id ?? '', job: await jobOf(client, job?.id) };
}

test('a deleted radiograph is nowhere any more, and to delete it twice is told', async () => {
  await using system = await startSystem(serving.grpcPort);
  const { id, jobId } = await uploaded(system, await picture('png', 1));
  expect(await system.blobs()).toHaveLength(2);
  const { radiograph, userErrors } = await remove(system, id);
  expect(radiograph).toMatchObject({ id, job: { id: jobId, state: 'SUCCEEDED', radiograph: null } });
  expect(userErrors).toEqual([]);
  expect(await system.blobs()).toEqual([]);
  expect(
    await system.ask('query ($id: ID!) { radiograph(id: $id) { id } radiographs { nodes { id } } }', { id }),
  ).toEqual({
    data: { radiograph: null, radiographs: { nodes: [] } },
  });
  expect(await remove(system, id)).toEqual({
    radiograph: null,
    userErrors: [{ code: 'NOT_FOUND', field: ['input', 'id'] }],
  });
});

test('cached inferences go with the last radiograph of an image, and its bytes too', async () => {
  await using system = await startSystem(serving.grpcPort);
  const bytes = await picture('png', 2);
  const first = await uploaded(system, bytes);
  const second = await uploaded(system, bytes);
  expect([first, second].map(({ job }) => job.radiograph.classification?.cached)).toEqual([false, true]);
  await remove(system, first.id);
  expect(await system.blobs()).toHaveLength(2);
  const third = await uploaded(system, bytes);
  expect(third.job.radiograph.classification?.cached).toBe(true);
  for (const { id } of [second, third]) await remove(system, id);
  expect(await system.blobs()).toEqual([]);
  expect((await uploaded(system, bytes)).job.radiograph.classification?.cached).toBe(false);
});

test('a running job of a deleted radiograph is CANCELLED at once, and stays so', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  await using system = await startSystem(typeof address === 'object' && address ? address.port : 0);
  const { id, jobId } = await uploaded(system, await picture('png', 3), 'RUNNING');
  expect((await remove(system, id)).radiograph?.job.state).toBe('CANCELLED');
  expect(await system.blobs()).toEqual([]);
  // The worker finds out at its next heartbeat.
  const metrics = async () => (await fetch(`${system.url}/metrics`)).text();
  await expect.poll(metrics, { timeout: 15_000 }).toMatch(/job_attempts_total\{outcome/);
  expect(await jobOf(system, jobId)).toMatchObject({ state: 'CANCELLED', radiograph: null });
  expect(await system.blobs()).toEqual([]);
  silent.close();
});

test('equal bytes that come while others are deleted are taken in with their image, or refused', async () => {
  await using system = await startSystem(serving.grpcPort);
  const bytes = await picture('png', 4);
  const there = new Set<string>();
  for (let round = 0; round < 15; round += 1) {
    const claims = await Promise.all([system.claim(bytes), system.claim(bytes)]);
    const gone = [...there];
    const uploads = claims.map(async (claim) => {
      const { data } = await system.ask<{ radiographUpload: { jobs: { radiograph: { id: string } }[] } }>(
        'mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) { jobs { radiograph { id } } } }',
        { files: [claim] },
      );
      for (const { radiograph } of data.radiographUpload.jobs) there.add(radiograph.id);
    });
    await Promise.all([...gone.map((id) => remove(system, id)), ...uploads]);
    for (const id of gone) there.delete(id);
    expect(await system.blobs()).toHaveLength(there.size > 0 ? 2 : 0);
  }
  for (const id of there) await remove(system, id);
  expect(await system.blobs()).toEqual([]);
});
