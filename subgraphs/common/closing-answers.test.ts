import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { closingAnswers } from './closing-answers.ts';

test('a server that ends waits for an answer, and not for its connection', async () => {
  const http = fastify({ forceCloseConnections: 'idle', keepAliveTimeout: 75_000 });
  const begun = Promise.withResolvers<void>();
  const may = Promise.withResolvers<void>();
  http.get('/', async () => {
    begun.resolve();
    await may.promise;
    return 'done';
  });
  const end = closingAnswers(http);
  await http.listen({ host: '127.0.0.1', port: 0 });
  const agent = new Agent({ keepAlive: true });
  const { port } = http.server.address() as AddressInfo;
  const asked = request({ host: '127.0.0.1', port, agent }).end();
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
  await begun.promise;
  end();
  const closed = http.close();
  may.resolve();
  const [answer] = await answered;
  answer.resume();
  expect([answer.statusCode, answer.headers.connection]).toEqual([200, 'close']);
  await closed;
  agent.destroy();
});

test('a server that ends does not wait for a connection on which nothing was asked', async () => {
  const http = fastify({ forceCloseConnections: 'idle' });
  const end = closingAnswers(http);
  await http.listen({ host: '127.0.0.1', port: 0 });
  const accepted = once(http.server, 'connection');
  const silent = connect((http.server.address() as AddressInfo).port, '127.0.0.1');
  await accepted;
  const cut = once(silent, 'close');
  end();
  await http.close();
  await cut;
});
