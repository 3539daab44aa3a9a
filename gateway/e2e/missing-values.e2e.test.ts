import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import { createClient } from 'graphql-ws';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { gatewayConfig } from '../config.ts';
import { startGateway } from '../server.ts';
import { ask } from './system.ts';

test('a value that a subgraph owes is told as an error beside the null, in every transport', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'radiograph-'));
  const faulty = fastify();
  faulty.post('/graphql', () => ({ data: { patient: { __typename: 'Patient', id: null } } }));
  const ICU_URL = await faulty.listen({ host: '127.0.0.1', port: 0 });
  const config = gatewayConfig({ PORT: '0', DATA_DIR: dataDir, ICU_URL });
  const gateway = await startGateway(config, pino({ level: 'silent' }));
  const told = {
    data: { patient: null },
    errors: [{ path: ['patient', 'id'], extensions: { code: 'INTERNAL', reference: expect.any(String) } }],
  };
  try {
    const query = '{ patient(id: "1") { id } }';
    const answer = await ask(gateway.url, query);
    expect(answer).toMatchObject(told);
    expect(answer).not.toHaveProperty('extensions');
    const client = createClient({
      url: `${gateway.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
    });
    expect((await client.iterate({ query }).next()).value).toMatchObject(told);
    await client.dispose();
  } finally {
    await gateway[Symbol.asyncDispose]();
    await faulty.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
