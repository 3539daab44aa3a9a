import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { superviseProcess } from './supervised-process.ts';

const logger = pino({ level: 'silent' });

/** Another installation, which says that it is ready. */
async function another() {
  const server = createServer((_request, response) => response.end('{"status":"ready"}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    readyUrl: `http://127.0.0.1:${port}/readyz`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function aService(program: string, parts: { readyUrl: string; killAfterMs?: number }) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'supervised-'));
  const main = join(folder.path, 'main.mjs');
  writeFileSync(main, program);
  return {
    ...{ name: 'imaging', main, env: process.env, host: '127.0.0.1', ports: {}, killAfterMs: 20_000 },
    ...parts,
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

test('a service that dies is not ready because another answers in its place', {
  timeout: 30_000,
}, async () => {
  await using other = await another();
  // It lives until the other could have been asked many times.
  await using service = await aService(
    `for (let i = 0; i < 20; i += 1) await fetch('${other.readyUrl}').then((answer) => answer.text());
     process.exit(1);`,
    other,
  );
  await using supervised = superviseProcess(service, logger);
  await expect(supervised.ready).rejects.toThrow('imaging does not start; its messages above say why');
});

test('a service that says so, and whose probe answers, is ready', { timeout: 30_000 }, async () => {
  await using other = await another();
  await using service = await aService(
    `process.send('ready'); process.once('SIGTERM', () => process.exit(0));`,
    other,
  );
  await using supervised = superviseProcess(service, logger);
  await supervised.ready;
});

test('a service that does not drain is killed when its time is over', { timeout: 30_000 }, async () => {
  await using other = await another();
  await using service = await aService(
    `process.on('SIGTERM', () => {}); process.on('disconnect', () => {}); process.send('ready');`,
    { ...other, killAfterMs: 200 },
  );
  const supervised = superviseProcess(service, logger);
  await supervised.ready;
  await supervised[Symbol.asyncDispose]();
});
