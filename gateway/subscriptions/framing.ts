import type { IncomingHttpHeaders } from 'node:http';
import type { ExecutionResult, GraphQLError } from 'graphql';

/** How the results of one operation are written into one HTTP answer. */
export type Framing = {
  readonly kind: 'event-stream' | 'multipart';
  readonly headers: Readonly<Record<string, string>>;
  /** Written before the first result. */
  readonly opening: string;
  result(result: ExecutionResult): string;
  /** Keeps the connection from being taken for dead. */
  readonly heartbeat: string;
  readonly heartbeatMs: number;
  /** After the last result. */
  readonly ending: string;
  /** In place of `ending` when the gateway stops and the operation has not ended. */
  interrupted(errors: readonly GraphQLError[]): string;
};

/** Server-sent events, distinct connections mode of the GraphQL over SSE protocol. */
const EVENT_STREAM: Framing = {
  kind: 'event-stream',
  headers: { 'content-type': 'text/event-stream; charset=utf-8' },
  // Some browsers take the headers only together with a first byte.
  opening: ':\n\n',
  result: (result) => `event: next\ndata: ${JSON.stringify(result)}\n\n`,
  heartbeat: ':\n\n',
  heartbeatMs: 12_000,
  ending: 'event: complete\ndata: \n\n',
  // Without "complete" a client of the protocol connects again by itself.
  interrupted: () => '',
};

const BOUNDARY = 'graphql';
const part = (body: object) =>
  `\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(body)}\r\n--${BOUNDARY}`;

/** Apollo's multipart protocol for subscriptions, version 1.0. A part is told only once the boundary after it has
 *  come, so each brings that along. `payload` is null where the stream itself failed, which ends it. */
const MULTIPART: Framing = {
  kind: 'multipart',
  headers: { 'content-type': `multipart/mixed;boundary="${BOUNDARY}";subscriptionSpec=1.0` },
  opening: `\r\n--${BOUNDARY}`,
  result: (result) =>
    part('data' in result ? { payload: result } : { payload: null, errors: result.errors ?? [] }),
  heartbeat: part({}),
  heartbeatMs: 5_000,
  ending: '--\r\n',
  interrupted: (errors) => `${part({ payload: null, errors })}--\r\n`,
};

/** The framing that a client asks for by its `accept` header. */
export function framingOf({ accept = '' }: IncomingHttpHeaders): Framing | undefined {
  if (/text\/event-stream/i.test(accept)) return EVENT_STREAM;
  return /multipart\/mixed[^,]*;\s*subscriptionSpec="?1\.0/i.test(accept) ? MULTIPART : undefined;
}
