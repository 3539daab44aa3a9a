import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type FakeAnswer, type FakeIrisDatabase, fakeIrisDatabase } from './fake-iris-database.ts';

export type FakeIrisOptions = {
  /** The highest version of the API; below 6 there is no positional form. */
  readonly api?: number;
  /** A path before `/api/atelier/`. */
  readonly prefix?: string;
  readonly licences?: number;
  /** How a statement without rows is answered in the positional form. */
  readonly withoutRows?: unknown;
  /** IRIS may return names of columns in another case than the statement has. */
  readonly columnCase?: (name: string) => string;
  readonly port?: number;
};

export type FakeReply = {
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
};
export type FakeRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly sql: string | undefined;
  readonly parameters: readonly unknown[];
};

/** Steps in: a reply, or undefined when it has dealt with the connection itself.
 *  @param usual does what would be done and gives its reply */
export type Fault = (
  usual: () => Promise<FakeReply>,
  response: ServerResponse,
) => Promise<FakeReply | undefined>;

export type FakeIris = AsyncDisposable & {
  readonly url: string;
  readonly database: FakeIrisDatabase;
  /** Every request, as it came in. */
  readonly requests: readonly FakeRequest[];
  /** Sessions, each of which holds a licence slot: those of now, and the most there were. */
  readonly sessions: { readonly held: number; readonly most: number; readonly ever: number };
  /** The next request whose SQL, or else whose path, matches is dealt with otherwise. */
  once(pattern: RegExp, fault: Fault): void;
  /** As a restart would: cookies of before are refused. */
  endSessions(): void;
};

export const ACCOUNT = { namespace: 'USER', user: 'icu_app', password: 'Correct-horse-9' };
const MOST_TYPES = /^application\/json\b/;

/** An IRIS that speaks the Atelier REST API on loopback: sessions by cookie, each a licence slot whose requests are
 *  done one after another, headers as it wants them, and both forms of answers. */
export async function startFakeIris(options: FakeIrisOptions = {}): Promise<FakeIris> {
  const {
    api = 8,
    prefix = '',
    licences = 8,
    withoutRows = [],
    columnCase = (name: string) => name,
  } = options;
  const database = fakeIrisDatabase();
  const requests: FakeRequest[] = [];
  const faults: { pattern: RegExp; fault: Fault }[] = [];
  const tails = new Map<string, Promise<unknown>>();
  const count = { most: 0, ever: 0 };
  const root = `${prefix}/api/atelier/`;

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const sent = await text(request);
    const { query, parameters = [] } = (sent === '' ? {} : JSON.parse(sent)) as {
      query?: string;
      parameters?: string[];
    };
    const path = request.url ?? '';
    requests.push({ method: request.method ?? '', path, headers: request.headers, sql: query, parameters });
    const usual = () => answer(request, path, query, parameters);
    const at = faults.findIndex(({ pattern }) => pattern.test(query ?? path));
    const [stepsIn] = at < 0 ? [] : faults.splice(at, 1);
    const reply = stepsIn ? await stepsIn.fault(usual, response) : await usual();
    if (reply) response.writeHead(reply.status, reply.headers).end(reply.body);
  };

  const answer = async (
    request: IncomingMessage,
    path: string,
    sql: string | undefined,
    parameters: string[],
  ): Promise<FakeReply> => {
    if (!path.startsWith(root)) return { status: 404, body: 'no such page' };
    const given = /CSPSESSIONID-SP-52773-UP-api-atelier-=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
    if (given !== undefined && !tails.has(given)) return challenge;
    const basic = `Basic ${btoa(`${ACCOUNT.user}:${ACCOUNT.password}`)}`;
    if (given === undefined && request.headers.authorization !== basic) return challenge;
    if (path.includes('?CacheLogout=end')) {
      if (given !== undefined) tails.delete(given);
      return { status: 200, body: '' };
    }
    if (given === undefined && tails.size >= licences) return { status: 503, body: '' };
    if (given === undefined) count.ever += 1;
    const session = given ?? `00${count.ever}gH2x200`;
    const before = tails.get(session);
    const done = Promise.resolve(before).then(() => inSession(request, path, sql, parameters));
    tails.set(session, done);
    count.most = Math.max(count.most, tails.size);
    const reply = await done;
    const cookies = {
      'set-cookie': [
        `CSPSESSIONID-SP-52773-UP-api-atelier-=${session}; path=/api/atelier/; httpOnly`,
        'CSPWSERVERID=hzZIUtro; path=/;',
      ],
    };
    return {
      ...reply,
      headers: { 'content-type': 'application/json', ...(given === undefined ? (cookies as never) : {}) },
    };
  };

  const inSession = async (
    request: IncomingMessage,
    path: string,
    sql: string | undefined,
    parameters: string[],
  ): Promise<FakeReply> => {
    const { accept, 'content-type': type = '' } = request.headers;
    if (accept !== undefined && !/application\/json|\*\/\*/.test(accept)) return json(406, {});
    if (path === root) {
      const content = { version: 'IRIS for UNIX 2025.3', api, namespaces: ['%SYS', 'USER'] };
      return json(200, { content });
    }
    const url = new URL(path, 'http://fake');
    const [, version, namespace] =
      /^v(\d)\/([^/]+)\/action\/query$/.exec(url.pathname.slice(root.length)) ?? [];
    if (!version || Number(version) > api || !['USER', '%SYS'].includes(decodeURIComponent(namespace ?? '')))
      return json(404, {});
    if (!MOST_TYPES.test(type)) return json(415, {});
    const answered = await database.execute(sql ?? '', parameters);
    if ('error' in answered) return refusal(answered.error);
    return json(
      200,
      Number(version) >= 6 && url.searchParams.get('positional') === '1'
        ? positional(answered)
        : objects(answered),
    );
  };

  const positional = ({ columns, rows }: Exclude<FakeAnswer, { error: string }>) =>
    columns.length === 0
      ? withoutRows
      : [
          {
            columns: columns.map((name) => ({ name: columnCase(name), type: 'VARCHAR(4096)' })),
            content: rows.map((row) => columns.map((name) => row[name])),
          },
        ];

  const objects = ({ rows }: Exclude<FakeAnswer, { error: string }>) => ({
    content: rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [columnCase(name), value])),
    ),
  });

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    database,
    requests,
    get sessions() {
      return { held: tails.size, ...count };
    },
    once: (pattern, fault) => faults.push({ pattern, fault }),
    endSessions: () => tails.clear(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      database[Symbol.dispose]();
    },
  };
}

const challenge: FakeReply = {
  status: 401,
  body: '<html>...</html>',
  headers: { 'content-type': 'text/html' },
};

function json(status: number, result: unknown): FakeReply {
  return { status, body: JSON.stringify({ status: { errors: [], summary: '' }, console: [], result }) };
}

/** As IRIS refuses SQL: with 200, without `content`. */
export function refusal(error: string, status = 200): FakeReply {
  const errors = [{ error: `ERROR #5540: ${error}`, code: 5540, domain: '%ObjectErrors', id: 'SQLCode' }];
  const envelope = {
    status: { errors, summary: `ERROR #5540: ${error}`.replaceAll("'", '&#39;') },
    console: [],
    result: {},
  };
  return { status, body: JSON.stringify(envelope) };
}
