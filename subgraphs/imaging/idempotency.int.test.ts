import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANONYMOUS } from '#common/caller.ts';
import { asGateway } from '#common/testing/as-gateway.ts';
import { startServing } from '../../serving/server.ts';
import { startImaging } from './server.ts';
import { jobOf, picture } from './testing/client.ts';
import { aFolder, SERVING, systems } from './testing/system.ts';

const { startOn } = systems(startImaging);
let serving: Awaited<ReturnType<typeof startServing>>;
beforeAll(async () => {
  serving = await startServing(SERVING, pino({ level: 'silent' }));
});
afterAll(() => serving[Symbol.asyncDispose]());

const UPLOAD = `mutation ($files: [Upload!]!, $patient: ID, $key: String) {
  radiographUpload(input: { files: $files, patientId: $patient, idempotencyKey: $key }) {
    jobs { id radiograph { id } } userErrors { code message field } } }`;
const CLASSIFY = `mutation ($file: Upload!, $patient: ID, $key: String) {
  radiographClassify(input: { file: $file, patientId: $patient, idempotencyKey: $key }) {
    radiograph { id classification { cached } } userErrors { code message field } } }`;
const DELETE = 'mutation ($id: ID!) { radiographDelete(input: { id: $id }) { userErrors { code } } }';

type UserErrors = { userErrors: { code: string; message: string; field: string[] }[] };
type Upload = { radiographUpload: UserErrors & { jobs: { id: string; radiograph: { id: string } }[] } };
type Classify = { radiographClassify: UserErrors & { radiograph: { id: string } | null } };

/** A subgraph, and what its caller may send it again. */
async function startDesk() {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await aFolder());
  const system = starting.use(await startOn(folder.path, serving.grpcPort));
  const running = starting.move();
  return {
    ...system,
    as: (subject: string) => asGateway(folder.path, 'imaging', { ...ANONYMOUS, subject }),
    async upload(given: {
      seeds: number[];
      key?: string;
      patient?: string;
      headers?: Record<string, string>;
    }) {
      const files = await Promise.all(
        given.seeds.map(async (seed) => system.claim(await picture('png', seed))),
      );
      const { key = null, patient = null, headers } = given;
      const { data } = await system.ask<Upload>(UPLOAD, { files, key, patient }, headers);
      return data.radiographUpload;
    },
    async classify(seed: number, key: string) {
      const file = await system.claim(await picture('png', seed));
      return (await system.ask<Classify>(CLASSIFY, { file, key })).data.radiographClassify;
    },
    async stored() {
      const { data } = await system.ask<{ radiographs: { nodes: { id: string }[] } }>(
        '{ radiographs(first: 100) { nodes { id } } }',
      );
      return data.radiographs.nodes.length;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

test('a request that comes again has the same jobs, and classify waits for the same radiograph', async () => {
  await using desk = await startDesk();
  // The same bytes twice in one request are two radiographs.
  const first = await desk.upload({ seeds: [1, 2, 1], key: 'k', patient: '7' });
  expect(first.jobs).toHaveLength(3);
  expect(await desk.upload({ seeds: [1, 2, 1], key: 'k', patient: '7' })).toEqual(first);
  expect(await desk.stored()).toBe(3);

  const one = await desk.classify(3, 'c');
  expect(one.radiograph).toMatchObject({ classification: { cached: false } });
  expect(await desk.classify(3, 'c')).toEqual(one);
  expect((await desk.upload({ seeds: [3], key: 'c' })).jobs[0]?.radiograph).toEqual({
    id: one.radiograph?.id,
  });
  expect(await desk.stored()).toBe(4);
});

test('of requests that come together one is taken in', async () => {
  await using desk = await startDesk();
  const uploads = Array.from({ length: 6 }, () => desk.upload({ seeds: [1], key: 'k' }));
  const classified = Array.from({ length: 6 }, () => desk.classify(1, 'k'));
  const ids = [
    ...(await Promise.all(uploads)).map(({ jobs }) => jobs[0]?.radiograph.id),
    ...(await Promise.all(classified)).map(({ radiograph }) => radiograph?.id),
  ];
  expect(new Set(ids).size).toBe(1);
  expect(await desk.stored()).toBe(1);
});

test('another file or patient under the same key is refused, and the others of its request go on', async () => {
  await using desk = await startDesk();
  const { jobs } = await desk.upload({ seeds: [1, 2], key: 'k', patient: '7' });
  const other = await desk.upload({ seeds: [1, 3, 4], key: 'k', patient: '7' });
  expect(other.jobs[0]).toEqual(jobs[0]);
  expect(other.jobs).toHaveLength(2);
  const message =
    'Expected the file and the patient that this idempotencyKey was first sent with, got others';
  expect(other.userErrors).toEqual([{ code: 'BAD_USER_INPUT', message, field: ['input', 'files', '1'] }]);
  for (const patient of ['8', undefined])
    expect(await desk.upload({ seeds: [1], key: 'k', ...(patient && { patient }) })).toMatchObject({
      ...{ jobs: [], userErrors: [{ code: 'BAD_USER_INPUT', message }] },
    });
  expect(await desk.classify(1, 'k')).toEqual({
    radiograph: null,
    userErrors: [{ code: 'BAD_USER_INPUT', message, field: ['input', 'file'] }],
  });
  expect(await desk.stored()).toBe(3);
});

test('of two files that come together under one key, one is refused', async () => {
  await using desk = await startDesk();
  const ends = await Promise.all([1, 2].map((seed) => desk.upload({ seeds: [seed], key: 'k' })));
  expect(ends.flatMap(({ jobs }) => jobs)).toHaveLength(1);
  expect(ends.flatMap(({ userErrors }) => userErrors)).toMatchObject([{ code: 'BAD_USER_INPUT' }]);
  expect(await desk.stored()).toBe(1);
});

test('a key is its caller’s own: of another’s nothing is seen', async () => {
  await using desk = await startDesk();
  const mine = await desk.upload({ seeds: [1], key: 'k', headers: await desk.as('alice') });
  for (const seed of [1, 2]) {
    const key = 'k';
    const other = await desk.upload({ seeds: [seed], key, headers: await desk.as(`bob-${seed}`) });
    expect(other.userErrors).toEqual([]);
    expect(other.jobs[0]?.id).not.toBe(mine.jobs[0]?.id);
  }
  expect(await desk.upload({ seeds: [1], key: 'k', headers: await desk.as('alice') })).toEqual(mine);
  expect(await desk.stored()).toBe(3);
});

test('after a deletion the same request brings a new radiograph', async () => {
  await using desk = await startDesk();
  const { jobs } = await desk.upload({ seeds: [1], key: 'k' });
  await desk.ask(DELETE, { id: jobs[0]?.radiograph.id });
  const again = await desk.upload({ seeds: [1], key: 'k' });
  expect(again.jobs[0]?.id).not.toBe(jobs[0]?.id);
  await expect.poll(() => jobOf(desk, again.jobs[0]?.id)).toMatchObject({ state: 'SUCCEEDED' });
});

test.each(['', 'a b', 'a\n', 'clé', 'k'.repeat(129)])('%j is no key', async (key) => {
  await using desk = await startDesk();
  const file = await desk.claim(await picture('png', 1));
  for (const [query, variables] of [
    [UPLOAD, { files: [file], key }],
    [CLASSIFY, { file, key }],
  ] as const)
    expect((await desk.ask(query, variables)).errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining('1 to 128 printable') },
    ]);
  expect(await desk.stored()).toBe(0);
});

test('the longest key is taken', async () => {
  await using desk = await startDesk();
  const key = `${'~'.repeat(127)}!`;
  const first = await desk.upload({ seeds: [1], key });
  expect(await desk.upload({ seeds: [1], key })).toEqual(first);
});
