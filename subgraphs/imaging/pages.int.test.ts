import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { startImaging } from './server.ts';
import { type Client, picture, upload } from './testing/client.ts';
import { DEAD_PORT, systems } from './testing/system.ts';

// Nothing here needs an answer of the model.
const system = () => systems(startImaging).startSystem(DEAD_PORT);

type Page = {
  edges: { cursor: string; node: { id: string } }[];
  nodes: { id: string }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
};
const PAGE = `query ($first: Int, $after: String, $patient: ID) {
  radiographs(first: $first, after: $after, patientId: $patient) {
    edges { cursor node { id } } nodes { id } pageInfo { hasNextPage endCursor } } }`;

const page = (client: Client, variables: object) => client.ask<{ radiographs: Page }>(PAGE, variables);

/** Uploads one after another, so that their order is known. @returns the ids of the radiographs, newest first */
async function uploaded(client: Client, patients: readonly (string | null)[]): Promise<string[]> {
  const ids: string[] = [];
  for (const [seed, patient] of patients.entries()) {
    const { jobs } = await upload(client, [await picture('png', seed)], patient);
    ids.unshift(...jobs.map(({ radiograph }) => radiograph.id));
  }
  return ids;
}

test('five radiographs are paged by two, newest first, each once', async () => {
  await using client = await system();
  const ids = await uploaded(client, [null, null, null, null, null]);
  const seen: string[][] = [];
  let after: string | null = null;
  do {
    const { radiographs }: { radiographs: Page } = (await page(client, { first: 2, after })).data;
    seen.push(radiographs.nodes.map(({ id }) => id));
    expect(radiographs.edges.map(({ node }) => node)).toEqual(radiographs.nodes);
    expect(radiographs.edges.at(-1)?.cursor).toBe(radiographs.pageInfo.endCursor);
    after = radiographs.pageInfo.hasNextPage ? radiographs.pageInfo.endCursor : null;
  } while (after !== null);
  expect(seen).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
});

test('a page of nothing is empty and has no cursor', async () => {
  await using client = await system();
  expect((await page(client, {})).data.radiographs).toEqual({
    edges: [],
    nodes: [],
    pageInfo: { hasNextPage: false, endCursor: null },
  });
});

test('the radiographs of one patient are found by filter and by reference alike', async () => {
  await using client = await system();
  const ids = await uploaded(client, ['7', '8', null, '7', '7']);
  const his = [ids[0], ids[1], ids[4]].map((id) => ({ id }));
  expect((await page(client, { patient: '7' })).data.radiographs.nodes).toEqual(his);
  const query = `query ($of: [_Any!]!, $after: String) { _entities(representations: $of) { ... on Patient {
    radiographs(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } } }`;
  const of = [{ __typename: 'Patient', id: '7' }];
  type Entities = { _entities: { radiographs: Page }[] };
  const first = (await client.ask<Entities>(query, { of })).data._entities[0]?.radiographs;
  expect(first?.nodes).toEqual(his.slice(0, 2));
  const after = first?.pageInfo.endCursor;
  const rest = (await client.ask<Entities>(query, { of, after })).data._entities[0]?.radiographs;
  expect(rest).toMatchObject({ nodes: his.slice(2), pageInfo: { hasNextPage: false } });
});

test('a page outside 1 to 100 and a foreign cursor are BAD_USER_INPUT', async () => {
  await using client = await system();
  const cursor = (text: string) => ({ after: Buffer.from(text).toString('base64url') });
  const refused = [
    ...[{ first: 0 }, { first: 101 }, { first: -1 }, { after: '' }, { after: 'x' }],
    ...['radiograph:', 'radiograph:-1', 'radiograph:1e3', 'job:1', `radiograph:${'9'.repeat(16)}`].map(
      cursor,
    ),
  ];
  for (const variables of refused) {
    const { data, errors } = await page(client, variables);
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ path: ['radiographs'], extensions: { code: 'BAD_USER_INPUT' } }]);
  }
  for (const variables of [{ first: 1 }, { first: 100 }, { first: null }])
    expect((await page(client, variables)).errors).toBeUndefined();
});

test('a patientId that is empty or too long is refused before anything is stored', async () => {
  await using client = await system();
  const files = [await client.claim(await picture('png', 1))];
  const query = `mutation ($files: [Upload!]!, $patient: ID) {
    radiographUpload(input: { files: $files, patientId: $patient }) { jobs { id } } }`;
  for (const patient of ['', 'x'.repeat(129)]) {
    const { errors } = await client.ask(query, { files, patient });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  }
  expect((await page(client, {})).data.radiographs.nodes).toEqual([]);
});

test('what is unknown is null, not an error', async () => {
  await using client = await system();
  const { data, errors } = await client.ask('{ radiograph(id: "nobody") { id } job(id: "nobody") { id } }');
  expect(errors).toBeUndefined();
  expect(data).toEqual({ radiograph: null, job: null });
});

test('twenty references are resolved in their order, and unknown ones are null', async () => {
  await using client = await system();
  const pictures = await Promise.all(Array.from({ length: 10 }, (_, seed) => picture('png', seed)));
  const { jobs } = await upload(client, pictures);
  const of = jobs.flatMap(({ id, radiograph }) => [
    { __typename: 'Job', id },
    { __typename: 'Radiograph', id: radiograph.id },
  ]);
  of.splice(5, 0, { __typename: 'Radiograph', id: 'nobody' }, { __typename: 'Job', id: 'nobody' });
  const query = `query ($of: [_Any!]!) { _entities(representations: $of) { __typename
    ... on Job { id radiograph { id } } ... on Radiograph { id imageAddress classification { cached } } } }`;
  type Entity = { __typename: string; id: string } | null;
  const { data, errors } = await client.ask<{ _entities: Entity[] }>(query, { of });
  expect(errors).toBeUndefined();
  expect(data._entities).toHaveLength(22);
  expect(data._entities.slice(5, 7)).toEqual([null, null]);
  const found = data._entities.map((entity) => entity && { __typename: entity.__typename, id: entity.id });
  expect(found).toEqual(of.map((reference) => (reference.id === 'nobody' ? null : reference)));
});

test('a subscription to an unknown job is refused with NOT_FOUND, and the connection lives on', async () => {
  await using client = await system();
  const sockets = createClient({
    url: `${client.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: client.authorized,
  });
  const query = 'subscription { jobStatus(id: "nobody") { state } }';
  const extensions = { caller: { subject: 'test', scopes: 'all' } };
  for (let i = 0; i < 2; i += 1) {
    const results = [];
    for await (const result of sockets.iterate({ query, extensions })) results.push(result);
    expect(results).toMatchObject([{ errors: [{ extensions: { code: 'NOT_FOUND' } }] }]);
  }
  await sockets.dispose();
});
