import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { type Answer, ask, picture, startSystem, upload } from './system.ts';

/** A busy machine is slow. */
const PATIENCE = { timeout: 15_000 };

const COMPOSED = readFileSync(join(import.meta.dirname, '../../schema/supergraph.graphql'), 'utf8');
const WITHOUT_PROGRESS = COMPOSED.replace(/^ {2}"""[^"]*"""\n {2}progress: Float!$/m, '');

const UPLOAD = 'mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) { jobs { id } } }';
const FOLLOW = 'subscription ($id: ID!) { jobStatus(id: $id) { state progress } }';
const PROGRESS = 'query ($id: ID!) { job(id: $id) { state progress } }';
const TRAFFIC =
  '{ patients(first: 2) { nodes { id icuRisk { probability } radiographs { nodes { id } } } } }';

/** A supergraph of the test's own; written beside and put in the place of the old one. */
function supergraphFile() {
  const folder = mkdtempSync(join(tmpdir(), 'radiograph-supergraph-'));
  const path = join(folder, 'supergraph.graphql');
  const put = (sdl: string) => {
    writeFileSync(`${path}.new`, sdl);
    renameSync(`${path}.new`, path);
  };
  put(COMPOSED);
  return { path, put, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Asks without a pause from two sides until it is told to stop. */
function liveTraffic(url: string) {
  const faults: unknown[] = [];
  let answered = 0;
  let going = true;
  const side = async () => {
    while (going) {
      const { data, errors } = await ask(url, TRAFFIC).catch((error: unknown): Answer => {
        faults.push(error);
        return {};
      });
      if (errors || !data) faults.push(errors);
      else answered += 1;
    }
  };
  const sides = [side(), side()];
  return {
    faults,
    answered: () => answered,
    async stop() {
      going = false;
      await Promise.all(sides);
    },
  };
}

async function reloads(url: string, outcome: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(
    new RegExp(`^supergraph_reloads_total{.*outcome="${outcome}".*} (\\d+)$`, 'm').exec(text)?.[1] ?? 0,
  );
}

test('a new supergraph takes over under live traffic; a live subscription keeps the one it began with', {
  timeout: 120_000,
}, async () => {
  using file = supergraphFile();
  // Without a model server the job is tried for about ten seconds before it fails.
  await using system = await startSystem({ supergraph: file.path, serving: 'dead' });
  const { url } = system;
  const traffic = liveTraffic(url);
  await expect.poll(() => traffic.answered(), PATIENCE).toBeGreaterThan(10);
  const { data } = await upload(url, UPLOAD, [await picture('png', 61)]);
  const id = (data as unknown as { radiographUpload: { jobs: { id: string }[] } }).radiographUpload.jobs[0]
    ?.id;
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  const events = client.iterate({ query: FOLLOW, variables: { id } });
  const first = (await events.next()).value;
  expect(first).toMatchObject({ data: { jobStatus: { progress: expect.any(Number) } } });

  file.put(WITHOUT_PROGRESS);
  const refused = { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] };
  await expect.poll(() => ask(url, PROGRESS, { id }), PATIENCE).toMatchObject(refused);
  const socketAnswer = await client
    .iterate({ query: FOLLOW, variables: { id } })
    .next()
    .catch((errors: unknown) => ({ value: { errors } }));
  expect(socketAnswer.value).toMatchObject(refused);
  const before = traffic.answered();
  await expect.poll(() => traffic.answered(), PATIENCE).toBeGreaterThan(before + 10);
  await traffic.stop();
  expect(traffic.faults).toEqual([]);

  let last: unknown;
  for await (const event of events) last = event;
  expect(last).toEqual({ data: { jobStatus: { state: 'FAILED', progress: expect.any(Number) } } });
  await client.dispose();
});

test('a faulty supergraph is refused while the old one serves, and the next good one takes over', {
  timeout: 120_000,
}, async () => {
  using file = supergraphFile();
  await using system = await startSystem({ supergraph: file.path });
  const { url } = system;
  const traffic = liveTraffic(url);
  const faulty = ['type Query {', COMPOSED.replaceAll('name: "icu"', 'name: "pharmacy"')];
  for (const [index, sdl] of faulty.entries()) {
    file.put(sdl);
    await expect.poll(() => reloads(url, 'refused'), PATIENCE).toBe(index + 1);
    expect(await ask(url, PROGRESS, { id: 'none' })).toEqual({ data: { job: null } });
  }
  file.put(WITHOUT_PROGRESS);
  await expect.poll(() => reloads(url, 'loaded'), PATIENCE).toBe(1);
  expect(await ask(url, PROGRESS, { id: 'none' })).toMatchObject({ errors: [{}] });
  await traffic.stop();
  expect(traffic.faults).toEqual([]);
  expect(traffic.answered()).toBeGreaterThan(10);
});
