import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createClient } from 'graphql-ws';
import { Pool } from 'undici';
import WebSocket from 'ws';

export type GraphErrors = readonly { message: string; extensions?: { code?: string } }[];

/** A client of the graph that knows its address alone. */
export type GraphClient = AsyncDisposable & {
  /** @throws GraphFault */
  query<Data>(query: string, variables?: object): Promise<Data>;
  /** Sends files by the GraphQL multipart request specification. The operation takes them as `$files: [Upload!]!`.
   *  @throws GraphFault */
  upload<Data>(query: string, files: readonly NamedFile[], variables?: object): Promise<Data>;
  /** The same for an operation that takes one file as `$file: Upload!`. */
  uploadOne<Data>(query: string, file: NamedFile, variables?: object): Promise<Data>;
  /** Yields the results of a subscription over graphql-ws until it ends. @throws GraphFault */
  follow<Data>(query: string, variables: Record<string, unknown>): AsyncGenerator<Data>;
  /** Fetches a picture of the graph by its `url`. */
  picture(path: string): Promise<Buffer>;
  /** Posts a form to a route beside the graph. @throws GraphFault */
  post<Data>(path: string, form: URLSearchParams | string): Promise<Data>;
};

export type NamedFile = { readonly name: string; readonly content: Buffer };

/** The first error of an answer; `code` is one of the closed list. */
export class GraphFault extends Error {
  override name = 'GraphFault';
  readonly code: string;

  constructor(message: string, code = 'INTERNAL') {
    super(message);
    this.code = code;
  }
}

/** @throws GraphFault BAD_USER_INPUT when the file cannot be read */
export async function namedFile(path: string): Promise<NamedFile> {
  try {
    return { name: basename(path), content: await readFile(path) };
  } catch {
    throw new GraphFault(`${path} cannot be read`, 'BAD_USER_INPUT');
  }
}

const LONGEST_WAIT_MS = 120_000;
const BOUNDARY = 'radiograph-loadtest-boundary';

/** @param base for example http://localhost:4000
 *  @param connections most that are open at once */
export function graphClient(base: string, connections = 512): GraphClient {
  const pool = new Pool(base, {
    connections,
    headersTimeout: LONGEST_WAIT_MS,
    bodyTimeout: LONGEST_WAIT_MS,
  });
  const socket = createClient({
    url: `${base.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazyCloseTimeout: 1_000,
    retryAttempts: 5,
    shouldRetry: () => true,
  });
  const post = async <Data>(path: string, type: string, body: Buffer | string, headers = {}) => {
    const answer = await pool.request({
      path,
      method: 'POST',
      headers: { 'content-type': type, accept: 'application/json', ...headers },
      body,
    });
    return (await answer.body.json()) as Data;
  };
  const send = async <Data>(operations: object, map: object, files: readonly NamedFile[]) =>
    dataOf(
      await post<Result<Data>>(
        '/graphql',
        `multipart/form-data; boundary=${BOUNDARY}`,
        multipartBody(operations, map, files),
        { 'apollo-require-preflight': '1' },
      ),
    );
  return {
    async query<Data>(query: string, variables: object = {}) {
      const body = JSON.stringify({ query, variables });
      return dataOf(await post<Result<Data>>('/graphql', 'application/json', body));
    },
    upload(query, files, variables = {}) {
      const map = Object.fromEntries(files.map((_, i) => [i, [`variables.files.${i}`]]));
      return send({ query, variables: { ...variables, files: files.map(() => null) } }, map, files);
    },
    uploadOne: (query, file, variables = {}) =>
      send({ query, variables: { ...variables, file: null } }, { 0: ['variables.file'] }, [file]),
    async *follow<Data>(query: string, variables: Record<string, unknown>) {
      for await (const result of socket.iterate<Data>({ query, variables }))
        yield dataOf(result as Result<Data>);
    },
    async picture(path) {
      const { statusCode, body } = await pool.request({ path, method: 'GET' });
      const bytes = Buffer.from(await body.arrayBuffer());
      if (statusCode !== 200) throw new GraphFault(`The picture cannot be fetched: HTTP ${statusCode}`);
      return bytes;
    },
    async post<Data>(path: string, form: URLSearchParams | string) {
      const type = 'application/x-www-form-urlencoded';
      const told = await post<Data & { errors?: GraphErrors }>(path, type, form.toString());
      throwFirst(told.errors);
      return told;
    },
    async [Symbol.asyncDispose]() {
      await socket.dispose();
      await pool.destroy();
    },
  };
}

/** Written by hand: a load must not spend on FormData the cores that it measures. */
function multipartBody(operations: object, map: object, files: readonly NamedFile[]): Buffer {
  const part = (name: string) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"`;
  const field = (name: string, value: object) => `${part(name)}\r\n\r\n${JSON.stringify(value)}\r\n`;
  return Buffer.concat([
    Buffer.from(field('operations', operations) + field('map', map)),
    ...files.flatMap(({ name, content }, i) => [
      Buffer.from(
        `${part(String(i))}; filename="${encodeURIComponent(name)}"\r\ncontent-type: application/octet-stream\r\n\r\n`,
      ),
      content,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]);
}

type Result<Data> = { data?: Data | null; errors?: GraphErrors };

function dataOf<Data>({ data, errors }: Result<Data>): Data {
  throwFirst(errors);
  if (!data) throw new GraphFault('The answer holds no data');
  return data;
}

function throwFirst(errors: GraphErrors | undefined): void {
  const [error] = errors ?? [];
  if (error) throw new GraphFault(error.message, error.extensions?.code);
}
