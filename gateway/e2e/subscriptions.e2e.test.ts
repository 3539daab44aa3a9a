import { createClient as createSseClient } from 'graphql-sse';
import { type Client, createClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { ask, picture, type System, startSystem, upload } from './system.ts';

const UPLOAD = `mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files, patientId: "9" }) { jobs { id } } }`;
const STATUS = `subscription Follow($id: ID!, $colormap: Colormap = JET, $more: Boolean = true) {
  now: jobStatus(id: $id) { ...Reading } }
  fragment Reading on Job { id state radiograph @include(if: $more) { width
    turbo: heatmap { image { url } } jet: heatmap(colormap: $colormap, opacity: 0.8) { image { url } }
    patient { id icuRisk { probability } } } }`;

type Status = {
  now: { id: string; state: string; radiograph?: { turbo: Picture; jet: Picture; patient: { id: string } } };
};
type Picture = { image: { url: string } } | null;

/** Without a model server a job stays open: its stream is there until the test ends it. */
let system: System;
let waiting: System;
let client: Client;
beforeAll(async () => {
  [system, waiting] = await Promise.all([startSystem(), startSystem({ serving: 'dead' })]);
}, 60_000);
beforeEach(() => {
  client = socketTo(system);
  return async () => client.dispose();
});
afterAll(async () => {
  await Promise.all([system[Symbol.asyncDispose](), waiting[Symbol.asyncDispose]()]);
});

function socketTo({ url }: System): Client {
  return createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
}

async function submitted({ url }: System, seed: number): Promise<string> {
  const { data } = await upload(url, UPLOAD, [await picture('png', seed)]);
  return (
    (data as unknown as { radiographUpload: { jobs: { id: string }[] } }).radiographUpload.jobs[0]?.id ?? ''
  );
}

async function activeSubscriptions({ url }: System): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^active_subscriptions(?:{[^}]*})? (\d+)$/m.exec(metrics)?.[1]);
}

test('aliases, fragments, variables and directives work as in a query', async () => {
  const id = await submitted(system, 31);
  let last: Status | undefined;
  for await (const { data, errors } of client.iterate<Status>({ query: STATUS, variables: { id } })) {
    expect(errors).toBeUndefined();
    last = data ?? undefined;
  }
  expect(last?.now).toMatchObject({ id, state: 'SUCCEEDED', radiograph: { patient: { id: '9' } } });
  expect(last?.now.radiograph?.turbo?.image.url).not.toBe(last?.now.radiograph?.jet?.image.url);
  const bare = client.iterate<Status>({ query: STATUS, variables: { id, more: false } });
  expect((await bare.next()).value).toEqual({ data: { now: { id, state: 'SUCCEEDED' } } });
});

test('queries and mutations run over the same socket', async () => {
  const one = async (query: string) => (await client.iterate({ query }).next()).value;
  expect(await one('{ patient(id: "9") { id icuRisk { threshold } } }')).toMatchObject({
    data: { patient: { id: '9', icuRisk: { threshold: expect.any(Number) } } },
  });
  expect(
    await one(
      'mutation { icuRiskAssess(input: { observations: [{ code: "spo2", value: 80 }] }) { icuRisk { probability } userErrors { code } } }',
    ),
  ).toMatchObject({
    data: { icuRiskAssess: { icuRisk: { probability: expect.any(Number) }, userErrors: [] } },
  });
});

test('100 subscribers of one job, early and late, all see it end', async () => {
  const id = await submitted(system, 32);
  const sockets = Array.from({ length: 20 }, () => socketTo(system));
  const follow = async (socket: Client) => {
    const states: string[] = [];
    for await (const { data } of socket.iterate<Status>({ query: STATUS, variables: { id, more: false } }))
      states.push(data?.now.state ?? '');
    return states.at(-1);
  };
  const ends = await Promise.all([...sockets, ...sockets, ...sockets, ...sockets, ...sockets].map(follow));
  expect(ends).toEqual(Array.from({ length: 100 }, () => 'SUCCEEDED'));
  await Promise.all(sockets.map(async (socket) => socket.dispose()));
  await expect.poll(() => activeSubscriptions(system)).toBe(0);
});

test('a client that cancels or vanishes ends its stream in the gateway', async () => {
  const id = await submitted(waiting, 33);
  const socket = socketTo(waiting);
  const events = socket.iterate<Status>({ query: STATUS, variables: { id, more: false } });
  await events.next();
  expect(await activeSubscriptions(waiting)).toBe(1);
  await events.return?.();
  await expect.poll(() => activeSubscriptions(waiting)).toBe(0);

  const again = socket.iterate<Status>({ query: STATUS, variables: { id, more: false } });
  await again.next();
  socket.terminate();
  await expect.poll(() => activeSubscriptions(waiting)).toBe(0);
  await socket.dispose();

  const sse = createSseClient({ url: `${waiting.url}/graphql` });
  const stream = sse.iterate({ query: STATUS, variables: { id, more: false } });
  await stream.next();
  expect(await activeSubscriptions(waiting)).toBe(1);
  sse.dispose();
  await expect.poll(() => activeSubscriptions(waiting)).toBe(0);
});

test('variables of the wrong kind are refused before anything is opened', async () => {
  const results = [];
  for await (const result of client.iterate({ query: STATUS, variables: { id: { not: 'an id' } } }))
    results.push(result);
  expect(results).toMatchObject([{ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] }]);
  expect(await ask(system.url, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
});

test('a subscription over plain HTTP is refused with a code', async () => {
  const { errors } = await ask(system.url, 'subscription { jobStatus(id: "1") { state } }');
  expect(errors?.[0]?.extensions.code).toMatch(/^(BAD_USER_INPUT|GRAPHQL_)/);
});
