import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asGateway } from '#common/testing/as-gateway.ts';
import { startServing } from '../../serving/server.ts';
import { startImaging } from './server.ts';
import { openSqliteLedger } from './stores/sqlite-ledger.ts';
import { type Client, jobOf, picture, upload } from './testing/client.ts';
import { aFolder, DEAD_PORT, SERVING, systems } from './testing/system.ts';

const { startOn, startSystem } = systems(startImaging);
let serving: Awaited<ReturnType<typeof startServing>>;
beforeAll(async () => {
  serving = await startServing(SERVING, pino({ level: 'silent' }));
});
afterAll(() => serving[Symbol.asyncDispose]());

const CANCEL = `mutation ($id: ID!) { jobCancel(input: { id: $id }) {
  job { state finishedAt } userErrors { code message field } } }`;
const cancel = async (system: Client, id: string | undefined) =>
  (await system.ask<{ jobCancel: unknown }>(CANCEL, { id })).data.jobCancel;

test('a job whose model is away is cancelled between two attempts, and stays so', async () => {
  await using system = await startSystem(DEAD_PORT);
  const [job] = (await upload(system, [await picture('png', 1)])).jobs;
  await expect
    .poll(() => jobOf(system, job?.id), { timeout: 10_000 })
    .toMatchObject({ state: 'QUEUED', error: { code: 'MODEL_UNAVAILABLE' } });
  const cancelled = { job: { state: 'CANCELLED', finishedAt: expect.any(String) }, userErrors: [] };
  expect(await cancel(system, job?.id)).toEqual(cancelled);
  expect(await cancel(system, job?.id)).toEqual(cancelled);
});

test('an unknown job and one that has ended are no jobs to cancel', async () => {
  await using system = await startSystem(serving.grpcPort);
  expect(await cancel(system, 'nobody')).toMatchObject({
    job: null,
    userErrors: [{ code: 'NOT_FOUND', field: ['input', 'id'] }],
  });
  const [job] = (await upload(system, [await picture('png', 1)])).jobs;
  await expect.poll(() => jobOf(system, job?.id), { timeout: 10_000 }).toMatchObject({ state: 'SUCCEEDED' });
  expect(await cancel(system, job?.id)).toMatchObject({
    job: { state: 'SUCCEEDED' },
    userErrors: [
      { code: 'BAD_USER_INPUT', message: 'Expected a job that has not ended, got one that is SUCCEEDED' },
    ],
  });
});

test('the priority of an upload is that of its jobs, ROUTINE when nothing is said', async () => {
  await using system = await startSystem(DEAD_PORT);
  const query = `mutation ($files: [Upload!]!, $stat: [Upload!]!) {
    routine: radiographUpload(input: { files: $files }) { jobs { priority } }
    stat: radiographUpload(input: { files: $stat, priority: STAT }) { jobs { priority } } }`;
  const [files, stat] = await Promise.all([
    Promise.all([system.claim(await picture('png', 1))]),
    Promise.all([system.claim(await picture('png', 2)), system.claim(await picture('png', 3))]),
  ]);
  expect((await system.ask(query, { files, stat })).data).toEqual({
    routine: { jobs: [{ priority: 'ROUTINE' }] },
    stat: { jobs: [{ priority: 'STAT' }, { priority: 'STAT' }] },
  });
});

test('who did and read what is in the audit trail, once in an operation; lists and states are not reads', async () => {
  await using folder = await aFolder();
  const alice = await (async () => {
    await using system = await startOn(folder.path, serving.grpcPort);
    const as = (subject: string) =>
      asGateway(folder.path, 'imaging', { subject, scopes: 'all', until: Number.POSITIVE_INFINITY });
    const [job] = (await upload(system, [await picture('png', 1)])).jobs;
    await expect
      .poll(() => jobOf(system, job?.id), { timeout: 10_000 })
      .toMatchObject({ state: 'SUCCEEDED' });
    const id = job?.radiograph.id;
    const headers = await as('alice');
    await system.ask('{ radiographs { nodes { id width patient { id } } } }', {}, headers);
    const read = `query ($id: ID!) { radiograph(id: $id) { image { url } classification { decision } }
      again: radiograph(id: $id) { classification { threshold } image { url } imageAddress activationMaps } }`;
    await system.ask(read, { id }, headers);
    await system.ask(CANCEL, { id: 'nobody' }, headers);
    return { id };
  })();
  await using ledger = openSqliteLedger(folder.path);
  const rows = (await ledger.auditRows(0, 99)).filter(({ actor }) => actor === 'alice');
  expect(rows.map(({ action, target }) => `${action} ${target}`).sort()).toEqual([
    `READ_IMAGE ${alice.id}`,
    `READ_RESULT ${alice.id}`,
  ]);
});
