import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startImagingProcess } from '../../subgraphs/imaging/testing/imaging-process.ts';
import { STREAM_CLIENTS, type StreamClient, type Told } from './stream-clients.ts';
import { picture, type System, startSystem, upload } from './system.ts';

const UPLOAD = `mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files, patientId: "9" }) { jobs { id } } }`;
const READ = `subscription ($id: ID!) { jobStatus(id: $id) { id state
  radiograph { width heatmap { image { url } } patient { id icuRisk { probability } } } } }`;
const FOLLOW = 'subscription ($id: ID!) { jobStatus(id: $id) { id state } }';
const MOST = 4;

/** Without a model server a job stays open: its stream is there until the test ends it. */
let system: System;
let waiting: System;
let seed = 300;
beforeAll(async () => {
  [system, waiting] = await Promise.all([
    startSystem(),
    startSystem({ serving: 'dead', gateway: { MAX_SUBSCRIPTIONS: String(MOST) } }),
  ]);
}, 60_000);
afterAll(async () => {
  await Promise.all([system[Symbol.asyncDispose](), waiting[Symbol.asyncDispose]()]);
});

async function submitted({ url }: System): Promise<string> {
  seed += 1;
  const { data } = await upload(url, UPLOAD, [await picture('png', seed)]);
  const { jobs } = (data as unknown as { radiographUpload: { jobs: { id: string }[] } }).radiographUpload;
  return jobs[0]?.id ?? '';
}

async function active(base: string): Promise<number> {
  const metrics = await (await fetch(`${base}/metrics`)).text();
  return Number(/^active_subscriptions(?:{[^}]*})? (\d+)$/m.exec(metrics)?.[1]);
}

async function all(told: AsyncIterable<Told>): Promise<Told[]> {
  const read: Told[] = [];
  for await (const one of told) read.push(one);
  return read;
}

const stateOf = (told: Told | undefined) =>
  (told?.data as { jobStatus: { state: string } } | undefined)?.jobStatus.state;

describe.each(STREAM_CLIENTS)('$name', ({ follow }: StreamClient) => {
  test('sees a job to its end, with what other subgraphs add', async () => {
    const id = await submitted(system);
    const told = await all(follow(system.url, READ, { id }));
    expect(told.flatMap(({ codes }) => codes)).toEqual([]);
    expect(told.at(-1)?.data).toMatchObject({
      jobStatus: {
        id,
        state: 'SUCCEEDED',
        radiograph: {
          width: 300,
          heatmap: { image: { url: expect.stringContaining('/files/') } },
          patient: { id: '9', icuRisk: { probability: expect.any(Number) } },
        },
      },
    });
    // Late: the job has ended before the subscription begins.
    const late = await all(follow(system.url, FOLLOW, { id }));
    expect(late.map(stateOf)).toEqual(['SUCCEEDED']);
  });

  test('a cancelled subscription is gone from the gateway and from the subgraph', async () => {
    const id = await submitted(waiting);
    const events = follow(waiting.url, FOLLOW, { id });
    await events.next();
    expect([await active(waiting.url), await active(waiting.services.imaging)]).toEqual([1, 1]);
    await events.return?.();
    await expect.poll(() => active(waiting.url)).toBe(0);
    await expect.poll(() => active(waiting.services.imaging)).toBe(0);
  });

  test.each([
    ['a job that is not there', 'subscription { jobStatus(id: "nobody") { state } }', 'NOT_FOUND'],
    ['an unknown field', 'subscription { jobStatus(id: "1") { secret } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['no GraphQL', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    ['a variable that is missing', FOLLOW, 'BAD_USER_INPUT'],
    [
      'a condition on the root',
      'subscription ($more: Boolean = true) { jobStatus(id: "1") @include(if: $more) { state } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'a condition on the root, by a fragment',
      'subscription ($more: Boolean = true) { ...F @skip(if: $more) } fragment F on Subscription { jobStatus(id: "1") { state } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('%s is refused with a code', async (_name, query, code) => {
    // Apollo Client reads the document itself, so what is no GraphQL never leaves it.
    if (code === 'GRAPHQL_PARSE_FAILED' && follow === STREAM_CLIENTS[2]?.follow) return;
    const told = await all(follow(system.url, query));
    expect(told.map(({ codes, fault }) => ({ codes, fault }))).toEqual([{ codes: [code] }]);
    expect(await active(system.url)).toBe(0);
  });

  test('one subscription more than the process may have is refused with OVERLOADED', async () => {
    const id = await submitted(waiting);
    const open = Array.from({ length: MOST }, () => follow(waiting.url, FOLLOW, { id }));
    await Promise.all(open.map(async (events) => events.next()));
    expect(await all(follow(waiting.url, FOLLOW, { id }))).toMatchObject([{ codes: ['OVERLOADED'] }]);
    await Promise.all(open.map(async (events) => events.return?.()));
    await expect.poll(() => active(waiting.url)).toBe(0);
    const again = follow(waiting.url, FOLLOW, { id });
    expect((await again.next()).value?.codes).toEqual([]);
    await again.return?.();
    await expect.poll(() => active(waiting.services.imaging)).toBe(0);
  });
});

describe('when imaging is killed in mid-subscription', () => {
  test('every transport tells a fault with a code, and the stream ends', { timeout: 60_000 }, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'killed-'));
    await using imaging = await startImagingProcess(dataDir);
    await using gateway = await startSystem({ gateway: { IMAGING_URL: imaging.url, DATA_DIR: dataDir } });
    const id = await submitted(gateway);
    const streams = STREAM_CLIENTS.map(({ follow }) => follow(gateway.url, FOLLOW, { id }));
    for (const stream of streams) expect((await stream.next()).value?.codes).toEqual([]);
    await imaging.end('SIGKILL');
    const rest = await Promise.all(streams.map(all));
    expect(rest.map((told) => told.at(-1))).toMatchObject([
      { codes: ['OVERLOADED'] },
      { codes: ['OVERLOADED'] },
      { codes: ['OVERLOADED'], fault: 'protocol' },
    ]);
    expect(await active(gateway.url)).toBe(0);
    rmSync(dataDir, { recursive: true });
  });
});

describe('when the gateway stops', () => {
  test('no stream holds it up, and every client learns of it', { timeout: 60_000 }, async () => {
    const stopping = await startSystem({ serving: 'dead' });
    const id = await submitted(stopping);
    const streams = STREAM_CLIENTS.map(({ follow }) => follow(stopping.url, FOLLOW, { id }));
    for (const stream of streams) await stream.next();
    const started = performance.now();
    const ends = streams.map((stream) => all(stream).catch((fault: unknown) => fault));
    await stopping[Symbol.asyncDispose]();
    expect(performance.now() - started).toBeLessThan(5_000);
    const [socket, events, multipart] = await Promise.all(ends);
    // "Going away": clients of these two protocols connect again by themselves.
    expect(socket).toMatchObject({ code: 1001 });
    expect(events).toBeInstanceOf(Error);
    expect((multipart as Told[]).at(-1)).toMatchObject({ codes: ['OVERLOADED'], fault: 'protocol' });
  });
});
