import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { freePort } from '#common/testing/programs.ts';
import {
  ACCOUNT,
  type FakeIrisOptions,
  type FakeReply,
  refusal,
  startFakeIris,
} from '../../testing/fake-iris.ts';
import { fakeConfig, fakePlace } from '../../testing/fake-iris-place.ts';
import { type IrisConfig, openIrisSql } from './iris-sql.ts';

const LENGTH = { name: 'length', sql: 'SELECT $LENGTH(?) AS Length', parameters: ['Jane Doe'], most: 1 };
const many = (count: number) => Array.from({ length: count }, () => LENGTH);

async function aClient(options: FakeIrisOptions = {}, settings: Partial<IrisConfig> = {}) {
  const fake = await startFakeIris(options);
  const registry = new Registry();
  const lines: string[] = [];
  const logger = pino(
    { level: 'trace', base: null, timestamp: false },
    { write: (line) => lines.push(line) },
  );
  const sql = openIrisSql(fakeConfig(fake, settings), registry, logger);
  return {
    fake,
    sql,
    lines,
    registry,
    async [Symbol.asyncDispose]() {
      await sql[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
}

const queries = ({ fake }: Awaited<ReturnType<typeof aClient>>) =>
  fake.requests.filter(({ method }) => method === 'POST');
const logins = ({ fake }: Awaited<ReturnType<typeof aClient>>) =>
  fake.requests.filter(({ method }) => method === 'GET');
const always = (reply: FakeReply) => async () => reply;

test('fifty at once hold two sessions, log in once for each, and are done one after another', async () => {
  await using client = await aClient();
  const answers = await Promise.all(many(50).map((one) => client.sql.query(one)));
  expect(answers.map(([row]) => row?.get('length'))).toEqual(Array.from({ length: 50 }, () => 8));
  expect(client.fake.sessions).toEqual({ held: 2, most: 2, ever: 2 });
  expect(logins(client)).toHaveLength(2);
});

test('one after another they hold one session', async () => {
  await using client = await aClient();
  for (const one of many(10)) await client.sql.query(one);
  expect(client.fake.sessions.ever).toBe(1);
});

test('requests have the headers that IRIS wants, and parameters beside the text', async () => {
  await using client = await aClient();
  await client.sql.query(LENGTH);
  const [query] = queries(client);
  expect(query?.headers).toMatchObject({ accept: 'application/json', 'content-type': 'application/json' });
  expect(query).toMatchObject({ sql: LENGTH.sql, parameters: ['Jane Doe'] });
});

test('a path before the API and a namespace with a percent sign are kept', async () => {
  await using client = await aClient({ prefix: '/hospital/iris' }, { namespace: '%SYS' });
  await client.sql.query(LENGTH);
  expect(queries(client)[0]?.path).toBe(
    '/hospital/iris/api/atelier/v6/%25SYS/action/query?max=1&positional=1',
  );
});

test('a namespace that is not there is a fault of its own, not of SQL', async () => {
  await using client = await aClient({}, { namespace: 'NOWHERE' });
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'protocol', status: 404 });
});

test.each([0, 1, 2])('a statement without rows may come back in any form: %i', async (form) => {
  await using client = await aClient({ withoutRows: [[], [{}], [{ content: [] }]][form] });
  expect(
    await client.sql.query({ ...LENGTH, sql: 'CREATE TABLE Icu.T (A INTEGER)', parameters: [] }),
  ).toEqual([]);
});

test.each([5, 8])('no rows are no rows, and names may come in another case: API %i', async (api) => {
  await using client = await aClient({ api, columnCase: (name) => name.toUpperCase() });
  expect(await client.sql.query({ ...LENGTH, sql: 'SELECT 1 AS One WHERE 1 = 0', parameters: [] })).toEqual(
    [],
  );
  expect((await client.sql.query(LENGTH))[0]?.get('length')).toBe(8);
});

test('after the end of sessions it logs in anew and asks again, once', async () => {
  await using client = await aClient();
  await client.sql.query(LENGTH);
  client.fake.endSessions();
  expect((await client.sql.query(LENGTH))[0]?.get('length')).toBe(8);
  expect(logins(client)).toHaveLength(2);
  expect(queries(client)).toHaveLength(3);
  expect(client.fake.sessions.held).toBe(1);
});

test('a second refusal is final', async () => {
  await using client = await aClient();
  await client.sql.query(LENGTH);
  for (let i = 0; i < 3; i += 1)
    client.fake.once(/LENGTH/, always({ status: 401, body: '<html>...</html>' }));
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'auth', status: 401 });
  expect(queries(client)).toHaveLength(3);
});

test('a wrong password is tried once for each statement, and nothing is sent after it', async () => {
  await using client = await aClient({}, { password: 'wrong' });
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'auth', status: 401 });
  expect(client.fake.requests).toHaveLength(1);
});

test('without a licence slot it is a fault that passes', async () => {
  await using client = await aClient({ licences: 0 });
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'licence', retryAfterSeconds: 5 });
});

test('an answer that does not come ends with the deadline, and the session is kept', async () => {
  await using client = await aClient({}, { deadlineMs: 1_000 });
  await client.sql.query(LENGTH);
  client.fake.once(/LENGTH/, async () => undefined);
  const from = performance.now();
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'timeout', outcomeUnknown: true });
  expect(performance.now() - from).toBeLessThan(4_000);
  await Promise.all(many(4).map((one) => client.sql.query(one)));
  expect(client.fake.sessions.ever).toBe(2);
});

test('a session in which IRIS is still at work is left alone while there is another', async () => {
  await using place = await fakePlace();
  await using sql = openIrisSql(
    fakeConfig(place.fake, { deadlineMs: 1_000 }),
    new Registry(),
    pino({ level: 'silent' }),
  );
  const held = Promise.withResolvers<void>();
  place.fake.database.trainingEnds = held.promise;
  const train = 'TRAIN MODEL IcuAdmission AS IcuAdmission_long FROM Icu.Training USING {}';
  await expect(sql.query({ ...LENGTH, sql: train, parameters: [] })).rejects.toMatchObject({
    kind: 'timeout',
  });
  for (const one of many(3)) expect((await sql.query(one))[0]?.get('length')).toBe(8);
  held.resolve();
});

test('headers in time and a body that never ends are late too', async () => {
  await using client = await aClient({}, { deadlineMs: 1_000 });
  client.fake.once(/LENGTH/, async (_usual, response) => {
    response.writeHead(200).write('{"status":');
    return undefined;
  });
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'timeout' });
});

test('a body that is cut, with or without notice, tells nothing of the outcome', async () => {
  await using client = await aClient();
  client.fake.once(/LENGTH/, async (usual, response) => {
    const { body } = await usual();
    response.writeHead(200, { 'content-length': body.length }).write(body.slice(0, -5));
    response.destroy();
    return undefined;
  });
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'unreachable', outcomeUnknown: true });
  client.fake.once(/LENGTH/, async (usual) => {
    const reply = await usual();
    return { ...reply, body: reply.body.slice(0, -5) };
  });
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'protocol', outcomeUnknown: true });
});

test('a connection that breaks takes the cookies with it', async () => {
  await using client = await aClient();
  await client.sql.query(LENGTH);
  client.fake.once(/LENGTH/, async (_usual, response) => {
    response.destroy();
    return undefined;
  });
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'unreachable', outcomeUnknown: true });
  await client.sql.query(LENGTH);
  expect(logins(client)).toHaveLength(2);
});

test('a body without end is not read to its end', async () => {
  await using client = await aClient();
  let sent = 0;
  client.fake.once(/LENGTH/, async (_usual, response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(256 * 1024, 32);
    const more = () => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
    };
    response.on('drain', more);
    more();
    return undefined;
  });
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'protocol' });
  expect(sent).toBeLessThan(32 * 1024 * 1024);
});

test('a redirect is not followed, so no other host gets the account', async () => {
  await using client = await aClient();
  await using elsewhere = await startFakeIris();
  client.fake.once(
    /\/api\/atelier\/$/,
    always({ status: 302, body: '', headers: { location: elsewhere.url } }),
  );
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'protocol', status: 302 });
  expect(elsewhere.requests).toEqual([]);
});

test.each([
  [-99, 'auth'],
  [-30, 'model-missing'],
  [-181, 'model-missing'],
  [-191, 'untrained'],
  [-184, 'provider-unavailable'],
  [-186, 'provider-unavailable'],
  [-190, 'provider-unavailable'],
  [-193, 'type-mismatch'],
  [-29, 'sql'],
])('SQLCODE %i is %s, in the spelling of either driver, with 200 or with 500', async (sqlcode, kind) => {
  await using client = await aClient();
  const spellings = [
    `SQLCODE: ${sqlcode} Message: Secret.Table 'JANE DOE' SQLCODE=-400`,
    `[SQLCODE: <${sqlcode}>:<text>] [%msg: < Model 'JANE DOE' not found>]`,
  ];
  for (const text of spellings)
    for (const status of [200, 500]) {
      client.fake.once(/LENGTH/, always(refusal(text, status)));
      const fault = await client.sql.query(LENGTH).catch((error: Error) => error);
      expect(fault).toMatchObject({ kind, sqlcode, outcomeUnknown: false });
    }
});

test('a label that the training never saw is told apart from other fatal errors', async () => {
  await using client = await aClient();
  const text =
    'SQLCODE: -400 [%msg: <PREDICT execution error: ERROR #2853: Specified positive label value not found>]';
  client.fake.once(/LENGTH/, always(refusal(text)));
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'label-unknown', sqlcode: -400 });
  client.fake.once(/LENGTH/, always(refusal('SQLCODE: -400 Message: fatal error')));
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'sql', sqlcode: -400 });
});

test('three faults in a row, and nothing is sent for a while; then one finds out', async () => {
  await using client = await aClient();
  for (let i = 0; i < 3; i += 1) {
    client.fake.once(/LENGTH/, always({ status: 502, body: '<html>Bad Gateway</html>' }));
    await expect(client.sql.query(LENGTH)).rejects.toMatchObject({ kind: 'protocol' });
  }
  const before = client.fake.requests.length;
  const from = performance.now();
  for (const one of many(200)) await expect(client.sql.query(one)).rejects.toMatchObject({ kind: 'resting' });
  expect(performance.now() - from).toBeLessThan(1_000);
  expect(client.fake.requests).toHaveLength(before);
  await expect
    .poll(
      () =>
        client.sql.query(LENGTH).then(
          () => 'ok',
          () => 'fault',
        ),
      { timeout: 10_000 },
    )
    .toBe('ok');
});

test('refusals of SQL are no reason to leave IRIS alone', async () => {
  await using client = await aClient();
  for (let i = 0; i < 5; i += 1) {
    const sql = 'SELECT Age AS Age FROM Icu.Nowhere';
    await expect(client.sql.query({ ...LENGTH, sql, parameters: [] })).rejects.toMatchObject({
      sqlcode: -30,
    });
  }
  expect((await client.sql.query(LENGTH))[0]?.get('length')).toBe(8);
});

test('a closed port is known at once not to have done anything', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  await using client = await aClient({}, { url });
  const from = performance.now();
  await expect(client.sql.query(LENGTH)).rejects.toMatchObject({
    kind: 'unreachable',
    outcomeUnknown: false,
  });
  expect(performance.now() - from).toBeLessThan(1_000);
});

test('a long statement on the session for trainings holds up nobody, and gives its slot back', async () => {
  await using client = await aClient();
  const held = Promise.withResolvers<void>();
  client.fake.once(/AS Long/, async (usual) => {
    await held.promise;
    return usual();
  });
  const long = client.sql.administer({ ...LENGTH, sql: 'SELECT 1 AS Long', parameters: [] }, 10_000);
  await Promise.all(many(10).map((one) => client.sql.query(one)));
  held.resolve();
  await long;
  expect(client.fake.sessions).toEqual({ held: 2, most: 3, ever: 3 });
});

test('closing gives every slot back', async () => {
  const client = await aClient();
  await Promise.all(many(10).map((one) => client.sql.query(one)));
  expect(client.fake.sessions.held).toBe(2);
  await client.sql[Symbol.asyncDispose]();
  expect(client.fake.sessions.held).toBe(0);
  expect(client.fake.requests.filter(({ method }) => method === 'HEAD').map(({ path }) => path)).toEqual([
    '/api/atelier/?CacheLogout=end',
    '/api/atelier/?CacheLogout=end',
  ]);
  await client.fake[Symbol.asyncDispose]();
});

test('closing ends what is under way, also where nobody answers', async () => {
  const client = await aClient({}, { deadlineMs: 60_000 });
  client.fake.once(/LENGTH/, async () => undefined);
  client.fake.once(/CacheLogout/, async () => undefined);
  const waiting = client.sql.query(LENGTH).catch((error: Error) => error);
  await expect.poll(() => queries(client).length).toBe(1);
  await client.sql[Symbol.asyncDispose]();
  expect(await waiting).toMatchObject({ kind: 'timeout' });
  await client.fake[Symbol.asyncDispose]();
});

test('faults and log lines name no SQL, no value, no account and no host', async () => {
  await using client = await aClient();
  const port = new URL(client.fake.url).port;
  const faults: unknown[] = [];
  const fails = async () => faults.push(await client.sql.query(LENGTH).catch((error: unknown) => error));
  client.fake.once(
    /LENGTH/,
    always(refusal("SQLCODE: -29 Message: Field 'JANE DOE' not found^ SELECT $LENGTH")),
  );
  await fails();
  client.fake.once(/LENGTH/, always({ status: 200, body: '<html>Jane Doe</html>' }));
  await fails();
  client.fake.once(/LENGTH/, async (_usual, response) => {
    response.destroy();
    return undefined;
  });
  await fails();
  const told = [
    ...faults.map((error) => JSON.stringify(error, Object.getOwnPropertyNames(error))),
    ...client.lines,
    await client.registry.metrics(),
  ].join('\n');
  expect(faults).toHaveLength(3);
  for (const secret of [
    'Jane Doe',
    'JANE DOE',
    'LENGTH',
    `:${port}`,
    ACCOUNT.password,
    ACCOUNT.user,
    'Basic ',
  ])
    expect(told).not.toContain(secret);
  expect(told).toMatch(/iris_statement_seconds_count\{statement="length",outcome="sql"\} 1/);
});
