import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { ERROR_CODES } from '#common/errors.ts';
import { ask, type System, startSystem } from './system.ts';

/** What came back: over HTTP a status and a body; over a socket the messages, its close code and reason. */
type Told = { readonly status: number; readonly body: string };
type Send = (url: string) => Promise<Told>;

let open: System;
let closed: System;
beforeAll(async () => {
  [open, closed] = await Promise.all([startSystem(), startSystem({ gateway: { INTROSPECTION: '0' } })]);
}, 60_000);
afterAll(async () => {
  await Promise.all([open[Symbol.asyncDispose](), closed[Symbol.asyncDispose]()]);
});

const JSON_TYPE = { 'content-type': 'application/json' };
const GOOD = '{"query":"{ __typename }"}';

function http(path: string, init: RequestInit): Send {
  return async (url) => {
    const answer = await fetch(url + path, init);
    return { status: answer.status, body: await answer.text() };
  };
}
const posted = (body: string, headers: Record<string, string> = JSON_TYPE) =>
  http('/graphql', { method: 'POST', body, headers });
const query = (source: string, variables?: unknown) => posted(JSON.stringify({ query: source, variables }));
const events = (source: string) =>
  posted(JSON.stringify({ query: source }), { ...JSON_TYPE, accept: 'text/event-stream' });

const MULTIPART = { 'content-type': 'multipart/form-data; boundary=b', 'apollo-require-preflight': '1' };
const UPLOAD = 'mutation ($f: Upload!) { radiographClassify(input: { file: $f }) { userErrors { code } } }';
const OPERATIONS = JSON.stringify({ query: UPLOAD, variables: { f: null } });
const field = (name: string, value: string) =>
  `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const file = (name: string) =>
  `--b\r\ncontent-disposition: form-data; name="${name}"; filename="../../../etc/passwd"\r\n\r\n\x89PNG\r\n`;
const parts = (...all: string[]) => posted(`${all.join('')}--b--\r\n`, MULTIPART);

/** Bytes as they are: what no client library would send. */
function raw(bytes: string): Send {
  return async (url) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(bytes);
    const answer = await text(socket);
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0), body: answer };
  };
}

const INIT = '{"type":"connection_init"}';

/** Opens a socket, sends frames, those behind a greeting once it is acknowledged, and waits until the server has
 *  closed it or answered `complete` or `error`. */
function socket(frames: readonly (string | Buffer)[], protocol = 'graphql-transport-ws'): Send {
  return async (url) => {
    const client = new WebSocket(`${url.replace('http', 'ws')}/graphql`, protocol);
    let body = '';
    const late = frames.indexOf(INIT) + 1;
    client.on('message', (data) => {
      body += String(data);
      if (String(data).includes('connection_ack')) for (const frame of frames.slice(late)) client.send(frame);
      if (/"type":"(?:complete|error)"/.test(String(data))) client.close(1000);
    });
    client.on('open', () => {
      for (const frame of frames.slice(0, late || undefined)) client.send(frame);
    });
    const refused = new Promise<Told>((resolve) => {
      client.on('unexpected-response', (_request, answer) => {
        resolve(text(answer).then((told) => ({ status: answer.statusCode ?? 0, body: told })));
        client.terminate();
      });
      client.on('error', () => undefined);
      client.on('close', (code, reason) => resolve({ status: code, body: body + reason.toString() }));
    });
    return refused;
  };
}
const subscribe = (payload: object) => JSON.stringify({ id: '1', type: 'subscribe', payload });

const many = (count: number, each: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => each(i)).join(' ');
const DEEP = `{ ${'radiographs { nodes { patient { '.repeat(7)} id ${'} } } '.repeat(7)} }`;
const EXPONENTIAL = `{ ...F0 } ${many(300, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)} fragment F300 on Query { __typename }`;
const COSTLY =
  'query ($n: Int!) { patients(first: $n) { nodes { radiographs(first: $n) { nodes { patient { observations(first: $n) { code } } } } } } }';

/** The name, what is sent, and what has to come: the status (or close code), then the body. */
const TABLE: readonly (readonly [string, Send, RegExp])[] = [
  // Bodies
  ['JSON that is cut', posted('{"query":'), /BAD_USER_INPUT/],
  ['an empty body', posted(''), /BAD_USER_INPUT/],
  ['a body that is a string', posted('"{ __typename }"'), /BAD_USER_INPUT/],
  ['a body that is null', posted('null'), /BAD_USER_INPUT/],
  ['a body of another type', posted(GOOD, { 'content-type': 'application/xml' }), /BAD_USER_INPUT/],
  [
    'a body without a type',
    http('/graphql', { method: 'POST', body: new Uint8Array([123]) }),
    /BAD_USER_INPUT/,
  ],
  ['a huge body', posted(`{"query":"${'x'.repeat(3 << 20)}"}`), /BAD_USER_INPUT/],
  [
    'a body that is longer than it says',
    raw(
      `POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n${GOOD}`,
    ),
    /BAD_USER_INPUT/,
  ],
  [
    'a body in another encoding',
    posted(GOOD, { ...JSON_TYPE, 'content-encoding': 'gzip' }),
    /BAD_USER_INPUT/,
  ],
  ['a key named __proto__', posted('{"query":"{ __typename }","__proto__":{"query":"x"}}'), /BAD_USER_INPUT/],
  ['a batch', posted(`[${GOOD},${GOOD}]`), /BAD_USER_INPUT/],
  ['a query that is a number', posted('{"query":7}'), /BAD_USER_INPUT/],
  ['variables that are a list', posted('{"query":"{ __typename }","variables":[1]}'), /BAD_USER_INPUT/],
  ['extensions that are a string', posted('{"query":"{ __typename }","extensions":"x"}'), /BAD_USER_INPUT/],
  [
    'a persisted query that is not known',
    posted('{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"0"}}}'),
    /BAD_USER_INPUT/,
  ],
  [
    'a persisted query with the hash of another',
    posted('{"query":"{ __typename }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}'),
    /BAD_USER_INPUT/,
  ],
  // Operations
  ['no GraphQL', query('{ radiographs('), /GRAPHQL_PARSE_FAILED/],
  ['a null byte', query('{ \0 }'), /GRAPHQL_PARSE_FAILED/],
  ['a deep query', query(DEEP), /QUERY_TOO_COMPLEX/],
  ['a flood of aliases', query(`{ ${many(500, (i) => `a${i}: models { name }`)} }`), /QUERY_TOO_COMPLEX/],
  [
    'a flood of __typename aliases',
    query(`{ ${many(500, (i) => `a${i}: __typename`)} }`),
    /QUERY_TOO_COMPLEX/,
  ],
  ['a flood of the same field', query(`{ ${'__typename '.repeat(500)} }`), /QUERY_TOO_COMPLEX/],
  ['a flood of tokens', query(`{ ${'__typename '.repeat(50_000)} }`), /GRAPHQL_PARSE_FAILED/],
  ['a flood of errors', query(`{ ${many(1_500, (i) => `x${i}`)} }`), /QUERY_TOO_COMPLEX/],
  [
    'a cycle of fragments',
    query('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'),
    /GRAPHQL_VALIDATION_FAILED/,
  ],
  ['fragments that double 300 times', query(EXPONENTIAL), /QUERY_TOO_COMPLEX/],
  [
    'an overload of directives',
    query(`{ __typename ${'@skip(if: false) '.repeat(300)} }`),
    /QUERY_TOO_COMPLEX/,
  ],
  ['lists within lists within lists', query(COSTLY, { n: 100 }), /QUERY_TOO_COMPLEX/],
  ['a list of 2147483647', query('{ radiographs(first: 2147483647) { nodes { id } } }'), /QUERY_TOO_COMPLEX/],
  [
    'an operation that is not there',
    posted('{"query":"query A { __typename }","operationName":"B"}'),
    /BAD_USER_INPUT|GRAPHQL_/,
  ],
  [
    'variables of other types',
    query('query ($id: ID!) { job(id: $id) { id } }', { id: { $gt: '' } }),
    /BAD_USER_INPUT/,
  ],
  ['variables that are not there', query('query ($id: ID!) { job(id: $id) { id } }'), /BAD_USER_INPUT/],
  ['a claim that the client made up', query(UPLOAD, { f: 'eyJrZXB0Ijp0cnVlfQ.AAAA' }), /BAD_USER_INPUT/],
  [
    'entities',
    query('{ _entities(representations: [{ __typename: "Radiograph", id: "1" }]) { __typename } }'),
    /GRAPHQL_VALIDATION_FAILED/,
  ],
  ['a subscription without a stream', query('subscription { jobStatus(id: "1") { id } }'), /BAD_USER_INPUT/],
  [
    'a conditional subscription',
    query('subscription ($x: Boolean!) { jobStatus(id: "1") @skip(if: $x) { id } }', { x: true }),
    /GRAPHQL_VALIDATION_FAILED/,
  ],
  // Methods and addresses
  [
    'a mutation by GET',
    http('/graphql?query=mutation{icuRiskAssess(input:{observations:[]}){userErrors{code}}}', {
      headers: { 'apollo-require-preflight': '1' },
    }),
    /BAD_USER_INPUT/,
  ],
  [
    'a query that any page may send',
    http('/graphql?query={__typename}', { headers: { accept: '*/*' } }),
    /BAD_USER_INPUT/,
  ],
  ['a post that any page may send', posted(GOOD, { 'content-type': 'text/plain' }), /BAD_USER_INPUT/],
  [
    'a form that any page may send',
    posted('query={__typename}', { 'content-type': 'application/x-www-form-urlencoded' }),
    /BAD_USER_INPUT/,
  ],
  [
    'parameters twice',
    http('/graphql?query={a}&query={b}', { headers: { 'apollo-require-preflight': '1' } }),
    /BAD_USER_INPUT/,
  ],
  ['another method', http('/graphql', { method: 'DELETE' }), /BAD_USER_INPUT|NOT_FOUND/],
  ['a tunnel', raw('CONNECT evil:443 HTTP/1.1\r\nhost: evil\r\n\r\n'), /^0 /],
  [
    'a path out of the folder',
    raw('GET /files/../../keys/master.key HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'),
    /NOT_FOUND/,
  ],
  ['an encoded path out of the folder', http('/files/..%2f..%2fkeys%2fmaster.key', {}), /NOT_FOUND/],
  [
    'a path that is not encoded well',
    raw('GET /files/%ff%zz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'),
    /BAD_USER_INPUT/,
  ],
  ['a link that is endless', http(`/files/${'a'.repeat(8_000)}`, {}), /NOT_FOUND|BAD_USER_INPUT/],
  [
    'headers that overflow',
    raw(`GET /graphql HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`),
    /BAD_USER_INPUT/,
  ],
  [
    'two lengths of one body',
    raw(
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    ),
    /BAD_USER_INPUT/,
  ],
  [
    'a host that is none',
    raw(
      `POST /graphql HTTP/1.1\r\nhost: a b<>%\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${GOOD.length}\r\n\r\n${GOOD}`,
    ),
    /BAD_USER_INPUT/,
  ],
  ['no HTTP at all', raw('\x16\x03\x01\x02garbage\r\n\r\n'), /BAD_USER_INPUT/],
  // Multipart
  [
    'an upload that any page may send',
    posted('--b--', { 'content-type': 'multipart/form-data; boundary=b' }),
    /BAD_USER_INPUT/,
  ],
  [
    'an upload without a boundary',
    posted('x', { ...MULTIPART, 'content-type': 'multipart/form-data' }),
    /BAD_USER_INPUT/,
  ],
  [
    'an upload that is cut',
    posted(field('operations', OPERATIONS) + field('map', '{"0":["variables.f"]}') + file('0'), MULTIPART),
    /BAD_USER_INPUT/,
  ],
  ['an upload without parts', parts(), /BAD_USER_INPUT/],
  ['an upload without a map', parts(field('operations', OPERATIONS), file('0')), /BAD_USER_INPUT/],
  [
    'a file before the operations',
    parts(file('0'), field('operations', OPERATIONS), field('map', '{"0":["variables.f"]}')),
    /BAD_USER_INPUT/,
  ],
  [
    'a map to nowhere',
    parts(field('operations', OPERATIONS), field('map', '{"0":["variables.nowhere.1"]}'), file('0')),
    /BAD_USER_INPUT/,
  ],
  [
    'a map to __proto__',
    parts(field('operations', OPERATIONS), field('map', '{"0":["__proto__.polluted"]}'), file('0')),
    /BAD_USER_INPUT/,
  ],
  [
    'a map to the query',
    parts(field('operations', OPERATIONS), field('map', '{"0":["query"]}'), file('0')),
    /BAD_USER_INPUT/,
  ],
  [
    'a map that names __proto__',
    parts(field('operations', OPERATIONS), field('map', '{"__proto__":["variables.f"]}'), file('__proto__')),
    /BAD_USER_INPUT/,
  ],
  [
    'a map that names toString',
    parts(field('operations', OPERATIONS), field('map', '{"0":["variables.f"]}'), file('toString')),
    /BAD_USER_INPUT/,
  ],
  [
    'operations that are a list',
    parts(field('operations', `[${OPERATIONS}]`), field('map', '{"0":["0.variables.f"]}'), file('0')),
    /BAD_USER_INPUT/,
  ],
  ['operations that are cut', parts(field('operations', '{"query"'), field('map', '{}')), /BAD_USER_INPUT/],
  [
    'a file that is not there',
    parts(field('operations', OPERATIONS), field('map', '{"0":["variables.f"]}')),
    /BAD_USER_INPUT/,
  ],
  [
    'files without end',
    parts(
      field('operations', OPERATIONS),
      field(
        'map',
        JSON.stringify(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [i, ['variables.f']]))),
      ),
      ...Array.from({ length: 60 }, (_, i) => file(String(i))),
    ),
    /BAD_USER_INPUT/,
  ],
  // Server-sent events
  ['a cut stream request', posted('{', { ...JSON_TYPE, accept: 'text/event-stream' }), /BAD_USER_INPUT/],
  [
    'a stream of another type',
    posted(GOOD, { 'content-type': 'text/plain', accept: 'text/event-stream' }),
    /BAD_USER_INPUT/,
  ],
  [
    'a stream without a query',
    posted('{}', { ...JSON_TYPE, accept: 'text/event-stream' }),
    /BAD_USER_INPUT|^$/,
  ],
  [
    'a stream of a job that is none',
    events('subscription { jobStatus(id: "\\u0000../x") { id } }'),
    /NOT_FOUND/,
  ],
  ['a stream that is too deep', events(DEEP), /QUERY_TOO_COMPLEX/],
  [
    'a stream of a mutation of bad input',
    events('mutation { radiographUpload(input: { files: ["x"] }) { jobs { id } } }'),
    /BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED/,
  ],
  [
    'a stream of a conditional subscription',
    events('subscription ($x: Boolean!) { jobStatus(id: "1") @skip(if: $x) { id } }'),
    /GRAPHQL_VALIDATION_FAILED/,
  ],
  // WebSocket
  ['a socket of another protocol', socket([], 'graphql-ws'), /^(?:1006|4406)/],
  [
    'a socket elsewhere',
    raw(
      'GET /elsewhere HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    ),
    /^4\d\d /,
  ],
  ['a frame that is garbage', socket(['garbage']), /^4400/],
  ['a frame of bytes', socket([Buffer.from([0xff, 0xfe, 0x00])]), /^4400/],
  ['a frame that is too large', socket([INIT, 'x'.repeat(2 << 20)]), /^1009/],
  ['a subscription before its greeting', socket([subscribe({ query: '{ __typename }' })]), /^4401/],
  ['a subscription without a query', socket([INIT, subscribe({})]), /^4400/],
  [
    'an operation of a socket that is too deep',
    socket([INIT, subscribe({ query: DEEP })]),
    /QUERY_TOO_COMPLEX/,
  ],
  [
    'an operation of a socket that costs too much',
    socket([INIT, subscribe({ query: COSTLY, variables: { n: 100 } })]),
    /QUERY_TOO_COMPLEX/,
  ],
  [
    'a persisted query of a socket that is not known',
    socket([INIT, subscribe({ query: '', extensions: { persistedQuery: { sha256Hash: '0' } } })]),
    /BAD_USER_INPUT/,
  ],
  [
    'a conditional subscription of a socket',
    socket([
      INIT,
      subscribe({
        query: 'subscription ($x: Boolean!) { jobStatus(id: "1") @skip(if: $x) { id } }',
        variables: { x: true },
      }),
    ]),
    /GRAPHQL_VALIDATION_FAILED/,
  ],
  [
    'a subscription to garbage',
    socket([
      INIT,
      subscribe({
        query: 'subscription ($id: ID!) { jobStatus(id: $id) { id } }',
        variables: { id: "1'; DROP TABLE job; --\0💥" },
      }),
    ]),
    /NOT_FOUND/,
  ],
  [
    'the same subscription twice',
    socket([
      INIT,
      subscribe({ query: 'subscription { jobStatus(id: "1") { id } }' }),
      subscribe({ query: 'subscription { jobStatus(id: "1") { id } }' }),
    ]),
    /^4409/,
  ],
];

/** Traces of what is inside: stack frames, folders, hosts, modules, statements. */
const INNER =
  /\bat \S+ \(|\.[cm]?[jt]s:\d|node_modules|\/(?:work|home|root|tmp|usr|etc)\/|127\.0\.0\.1|localhost|ECONN|stacktrace|\bSELECT\b|\bsqlite|master\.key|DROP TABLE/i;
const CODES = new Set<string>([...ERROR_CODES, 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED']);
/** Closed by graphql-ws for a fault of the client, or by the WebSocket protocol itself. */
const SOCKET_CLOSES = new Set([1000, 1002, 1003, 1006, 1007, 1009, 4400, 4401, 4406, 4409, 4429]);

function check({ status, body }: Told, wanted: RegExp): void {
  expect(body).not.toMatch(INNER);
  expect(body).not.toContain('INTERNAL');
  expect(`${status} ${body}`).toMatch(wanted);
  const codes = [...body.matchAll(/"code":"(\w+)"/g)].map(([, code]) => String(code));
  for (const code of codes) expect(CODES).toContain(code);
  if (status >= 1000) expect(SOCKET_CLOSES).toContain(status);
  else if (status === 200) expect(codes).not.toEqual([]);
  // Closed without a word.
  else if (status === 0) expect(body).toBe('');
  else expect(status >= 400 && status < 500, `status ${status}`).toBe(true);
}

test.each(TABLE)(
  '%s is refused, tells nothing, and the next request is served',
  async (_name, send, wanted) => {
    check(await send(open.url), wanted);
    expect(await ask(open.url, '{ patient(id: "1") { id } }')).toEqual({ data: { patient: { id: '1' } } });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  },
);

test('with introspection off no error of a variable hints at names of the schema', async () => {
  const body = JSON.stringify({
    query: 'mutation ($o: IcuRiskAssessInput!) { icuRiskAssess(input: $o) { userErrors { code } } }',
    variables: { o: { observation: [] } },
  });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${closed.url}/graphql`, { method: 'POST', headers, body });
  const text = await answer.text();
  expect(text).toContain('BAD_USER_INPUT');
  expect(text).not.toContain('Did you mean');
});

const INTROSPECTION = '{ __schema { types { name } } }';
test.each([
  ['HTTP', query(INTROSPECTION)],
  ['a socket', socket([INIT, subscribe({ query: INTROSPECTION })])],
  ['server-sent events', events(INTROSPECTION)],
  ['a type by its name', query('{ __type(name: "Job") { name } }')],
] as const)('introspection that is off is refused over %s', async (_name, send) => {
  check(await send(closed.url), /GRAPHQL_VALIDATION_FAILED/);
});

test.each([
  ['HTTP', query('{ radiograph { identifier } }')],
  ['a socket', socket([INIT, subscribe({ query: '{ radiographz { identifier } }' })])],
] as const)('with introspection off no error hints at names of the schema over %s', async (_name, send) => {
  const told = await send(closed.url);
  check(told, /GRAPHQL_VALIDATION_FAILED/);
  expect(told.body).not.toContain('Did you mean');
});

test('the table holds what it should', () => {
  expect(TABLE.length).toBeGreaterThanOrEqual(24);
});
