import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { GraphQLError } from 'graphql';
import { createClient } from 'graphql-ws';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { ANONYMOUS } from '#common/caller.ts';
import { authorizationOf } from '../guard/credentials.ts';
import { persistedOperations } from '../guard/persisted-operations.ts';
import { stuckSockets } from './stuck-sockets.ts';
import { serveWebSockets } from './web-socket.ts';

const NOBODY_IS = { refuseOrigin: () => undefined, refuseHost: () => undefined };

/** A server that answers every operation with the caller that it was given. */
async function callerSeen(connectionParams: Record<string, unknown> | undefined, headers = {}) {
  const http = fastify();
  using stuck = stuckSockets(1_000);
  const never = () => {
    throw new Error('Nothing passes the check');
  };
  const transport = serveWebSockets(
    http,
    { check: (_request, { caller }) => [new GraphQLError(caller.subject)], execute: never, subscribe: never },
    {
      async originOf({ headers }, gone, params) {
        const subject = authorizationOf(headers, params) ?? 'nobody';
        return { caller: { ...ANONYMOUS, subject }, gone };
      },
      ...{ persisted: persistedOperations(undefined, false), rate: undefined, foreign: NOBODY_IS },
      ...{ stuck, mostOperations: 10, logger: pino({ level: 'silent' }) },
    },
  );
  http.server.listen(0, '127.0.0.1');
  await once(http.server, 'listening');
  class WithHeaders extends WebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol, { headers });
    }
  }
  const client = createClient({
    url: `ws://127.0.0.1:${(http.server.address() as AddressInfo).port}/graphql`,
    webSocketImpl: WithHeaders,
    ...(connectionParams && { connectionParams }),
  });
  const told = new Promise<string>((resolve) => {
    client.subscribe(
      { query: '{ __typename }' },
      {
        next: () => resolve('a result'),
        error: (errors) => resolve((errors as GraphQLError[])[0]?.message ?? ''),
        complete: () => undefined,
      },
    );
  });
  const seen = await told;
  await client.dispose();
  await transport[Symbol.asyncDispose]();
  http.server.close();
  return seen;
}

test('the caller of a socket is made from connectionParams, else from the header of the upgrade', async () => {
  const headers = { authorization: 'Bearer header' };
  expect(await callerSeen({ authorization: 'Bearer param' })).toBe('Bearer param');
  expect(await callerSeen({ Authorization: 'Bearer param' }, headers)).toBe('Bearer param');
  expect(await callerSeen(undefined, headers)).toBe('Bearer header');
  expect(await callerSeen(undefined)).toBe('nobody');
});

test('what is no text in connectionParams is no credential', () => {
  for (const authorization of [7, null, {}, ['Bearer x']])
    expect(authorizationOf({}, { authorization } as never)).toBeUndefined();
});
