import { request } from 'node:http';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { GraphFault } from './graph-client.ts';

export type Result = {
  data?: Record<string, never> | null;
  errors?: { message: string; extensions?: { code?: string } }[];
};

/** Opens one subscription on a connection of its own. `told` gets every result; the promise resolves when the stream
 *  has ended. @throws GraphFault */
export type OpenStream = (
  base: string,
  query: string,
  variables: object,
  told: (result: Result) => void,
) => Promise<void>;

const graphqlWs: OpenStream = (base, query, variables, told) => {
  const url = `${base.replace(/^http/, 'ws')}/graphql`;
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
  return new Promise((resolve, reject) => {
    client.subscribe(
      { query, variables: { ...variables } },
      {
        next: (result) => told(result as Result),
        error: (fault) =>
          reject(
            faultOf(Array.isArray(fault) ? { errors: fault } : { errors: [{ message: String(fault) }] }),
          ),
        complete: resolve,
      },
    );
  });
};

/** A stream in one HTTP answer, cut where `separator` stands. */
function httpStream(
  accept: string,
  separator: string,
  read: (part: string) => Result | undefined,
): OpenStream {
  return (base, query, variables, told) =>
    new Promise((resolve, reject) => {
      const headers = { accept, 'content-type': 'application/json' };
      const client = request(`${base}/graphql`, { method: 'POST', headers, agent: false }, (answer) => {
        if (answer.statusCode !== 200) return reject(new GraphFault(`HTTP ${answer.statusCode}`));
        let rest = '';
        answer.setEncoding('utf8');
        answer.on('data', (text: string) => {
          const parts = (rest + text).split(separator);
          rest = parts.pop() ?? '';
          for (const part of parts) {
            const result = read(part);
            if (result) told(result);
          }
        });
        answer.once('end', resolve);
        answer.once('error', reject);
      });
      client.once('error', reject);
      client.end(JSON.stringify({ query, variables }));
    });
}

const eventStream = httpStream('text/event-stream', '\n\n', (part) => {
  const json = /^event: next\ndata: (.+)$/.exec(part)?.[1];
  return json === undefined ? undefined : (JSON.parse(json) as Result);
});

const multipart = httpStream('multipart/mixed;subscriptionSpec=1.0', '\r\n--graphql', (part) => {
  const json = part.split('\r\n\r\n')[1];
  if (json === undefined) return undefined;
  const { payload, errors } = JSON.parse(json) as { payload?: Result | null; errors?: Result['errors'] };
  return errors ? { errors } : (payload ?? undefined);
});

export const STREAM_TRANSPORTS: Readonly<Record<string, OpenStream>> = {
  'graphql-ws': graphqlWs,
  'server-sent events': eventStream,
  multipart,
};

/** The first error of a result as a fault. */
export function faultOf({ errors }: Result): GraphFault {
  return new GraphFault(errors?.[0]?.message ?? 'No error', errors?.[0]?.extensions?.code);
}
