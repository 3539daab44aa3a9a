import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

export type GraphErrors = readonly { message: string; extensions?: { code?: string } }[];

/** A client of the graph that knows its address alone. */
export type GraphClient = AsyncDisposable & {
  /** Sends files by the GraphQL multipart request specification. The operation takes them as `$files: [Upload!]!`.
   *  @throws GraphFault */
  upload<Data>(query: string, files: readonly NamedFile[], variables?: object): Promise<Data>;
  /** Yields the results of a subscription over graphql-ws until it ends. @throws GraphFault */
  follow<Data>(query: string, variables: Record<string, unknown>): AsyncGenerator<Data>;
  /** Fetches a picture of the graph by its `url`. */
  picture(path: string): Promise<Buffer>;
};

export type NamedFile = { readonly name: string; readonly content: Blob };

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
    return { name: basename(path), content: await openAsBlob(path) };
  } catch {
    throw new GraphFault(`${path} cannot be read`, 'BAD_USER_INPUT');
  }
}

/** @param base for example http://localhost:4000 */
export function graphClient(base: string): GraphClient {
  const socket = createClient({
    url: `${base.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazyCloseTimeout: 1_000,
    retryAttempts: 5,
    shouldRetry: () => true,
  });
  return {
    async upload<Data>(query: string, files: readonly NamedFile[], variables: object = {}) {
      const body = new FormData();
      body.set(
        'operations',
        JSON.stringify({ query, variables: { ...variables, files: files.map(() => null) } }),
      );
      body.set('map', JSON.stringify(Object.fromEntries(files.map((_, i) => [i, [`variables.files.${i}`]]))));
      for (const [i, { name, content }] of files.entries()) body.set(String(i), content, name);
      const headers = { 'apollo-require-preflight': '1' };
      const answer = await fetch(`${base}/graphql`, { method: 'POST', headers, body });
      return dataOf<Data>((await answer.json()) as Result<Data>);
    },
    async *follow<Data>(query: string, variables: Record<string, unknown>) {
      for await (const result of socket.iterate<Data>({ query, variables }))
        yield dataOf(result as Result<Data>);
    },
    async picture(path) {
      const answer = await fetch(base + path);
      if (!answer.ok) throw new GraphFault(`The picture cannot be fetched: HTTP ${answer.status}`);
      return Buffer.from(await answer.arrayBuffer());
    },
    async [Symbol.asyncDispose]() {
      await socket.dispose();
    },
  };
}

type Result<Data> = { data?: Data | null; errors?: GraphErrors };

function dataOf<Data>({ data, errors }: Result<Data>): Data {
  const [error] = errors ?? [];
  if (error) throw new GraphFault(error.message, error.extensions?.code);
  if (!data) throw new GraphFault('The answer holds no data');
  return data;
}
