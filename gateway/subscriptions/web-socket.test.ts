import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { GraphQLError } from 'graphql';
import { createClient } from 'graphql-ws';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { credentialsOf } from '../guard/caller.ts';
import { persistedOperations } from '../guard/persisted-operations.ts';
import { stuckSockets } from './stuck-sockets.ts';
import { serveWebSockets } from './web-socket.ts';

/** A server that answers every operation with the caller that it was given. */
async function callerSeen(connectionParams: Record<string, unknown> | undefined, headers = {}) {
  const http = fastify();
  using stuck = stuckSockets(1_000);
  const never = () => {
    throw new Error('Nothing passes the check');
  };
  const transport = serveWebSockets(
    http,
    { check: (_request, { caller }) => [new GraphQLError(caller.id)], execute: never, subscribe: never },
    {
      async originOf({ headers, socket }, gone, params) {
        const { authorization, address } = credentialsOf(headers, socket.remoteAddress, params);
        return { caller: { id: `${authorization ?? 'nobody'} at ${address}` }, gone };
      },
      ...{ persisted: persistedOperations(undefined, false), rate: undefined },
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
  expect(await callerSeen({ authorization: 'Bearer param' })).toBe('Bearer param at 127.0.0.1');
  expect(await callerSeen({ Authorization: 'Bearer param' }, headers)).toBe('Bearer param at 127.0.0.1');
  expect(await callerSeen(undefined, headers)).toBe('Bearer header at 127.0.0.1');
  expect(await callerSeen(undefined)).toBe('nobody at 127.0.0.1');
});

test('what is no text in connectionParams is no credential', () => {
  for (const authorization of [7, null, {}, ['Bearer x']])
    expect(credentialsOf({}, '10.0.0.1', { authorization })).toEqual({
      authorization: undefined,
      address: '10.0.0.1',
    });
});
