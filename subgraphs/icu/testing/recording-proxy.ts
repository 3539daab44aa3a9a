import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { request as forward } from 'undici';

/** One exchange; credentials and values of cookies are left out, and so is the host. */
export type Recorded = {
  readonly request: { method: string; path: string; auth: 'account' | 'cookie' | 'none'; json?: unknown };
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: unknown;
};

export type RecordingProxy = AsyncDisposable & {
  readonly url: string;
  readonly recorded: readonly Recorded[];
};

const KEPT_HEADERS = ['content-type', 'cache-control', 'x-csrf-token'];

/** Hands requests on to `target` and keeps what came and went. */
export async function recordingProxy(target: string): Promise<RecordingProxy> {
  const recorded: Recorded[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request);
    const { host: _host, connection: _connection, ...headers } = request.headers;
    const path = request.url ?? '';
    const answer = await forward(`${target.replace(/\/+$/, '')}${path}`, {
      ...{ method: (request.method ?? 'GET') as 'GET', headers, body: body.length > 0 ? body : null },
      ...{ headersTimeout: 0, bodyTimeout: 0 },
    });
    const text = Buffer.from(await answer.body.arrayBuffer());
    const auth = headers.cookie ? 'cookie' : headers.authorization ? 'account' : 'none';
    recorded.push({
      request: {
        method: request.method ?? '',
        path,
        auth,
        ...(body.length > 0 && { json: parsed(body.toString()) }),
      },
      status: answer.statusCode,
      headers: keptHeaders(answer.headers),
      body: parsed(text.toString()),
    });
    const { 'transfer-encoding': _encoding, connection: _ended, ...passed } = answer.headers;
    response.writeHead(answer.statusCode, passed).end(text);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    recorded,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function keptHeaders(headers: Record<string, string | string[] | undefined>): Recorded['headers'] {
  const cookies = [headers['set-cookie'] ?? []].flat().map((line) => line.replace(/=[^;]*/, '=…'));
  const kept = KEPT_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
  return { ...Object.fromEntries(kept), ...(cookies.length > 0 && { 'set-cookie': cookies }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
