import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '#common/testing/programs.ts';
import { radiographClient } from '../../docs/clients/typescript/radiograph-client.ts';
import { fileBrowser, withBrowser } from './browser-system.ts';
import { orchestrate } from './chaos/orchestrated.ts';
import { drop, eventually, visit, WHOLE_TEST } from './page-visit.ts';
import { ask, picture, type System, startSystem } from './system.ts';

let system: System;
const visitor = fileBrowser('page');
beforeEach(async () => {
  system = await startSystem();
}, 60_000);
afterEach(() => system[Symbol.asyncDispose]());

/** A gateway in a process of its own, which is killed as soon as imaging has taken an upload: before it hears of it. */
async function startDyingGateway() {
  await using starting = new AsyncDisposableStack();
  let uploads = 0;
  let deaths = 0;
  const target = new URL(system.services.imaging);
  const proxy = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    let isAsked = false;
    for (const end of [client, server]) end.on('error', () => undefined);
    client.on('data', (bytes) => {
      if (/radiograph(Upload|Classify)\b/.test(bytes.toString('latin1'))) {
        isAsked = true;
        uploads += 1;
      }
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (isAsked && deaths > 0) {
        deaths -= 1;
        void gateway.kill();
      } else client.write(bytes);
      isAsked = false;
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  });
  starting.defer(() => void proxy.close());
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${await freePort()}`;
  const gateway = starting.use(
    orchestrate({
      name: 'gateway',
      command: ['gateway/main.ts'],
      env: {
        PORT: new URL(url).port,
        DATA_DIR: system.dataDir,
        IMAGING_URL: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
        HEATMAP_URL: system.services.heatmap,
        ICU_URL: system.services.icu,
      },
      readyUrl: `${url}/readyz`,
    }),
  );
  await gateway.ready();
  const running = starting.move();
  return {
    url,
    ready: () => gateway.ready(),
    /** Lets it die at the next uploads. */
    dieAt(count: number) {
      deaths = count;
    },
    /** Uploads that imaging was asked for, and the deaths still to come. */
    counts: () => ({ uploads, deaths }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function stored(): Promise<number> {
  const { data } = await ask(system.url, '{ radiographs(first: 100) { nodes { id } } }');
  return (data as unknown as { radiographs: { nodes: unknown[] } }).radiographs.nodes.length;
}

withBrowser('what the page sends again after its gateway died is one radiograph', WHOLE_TEST, async () => {
  await using gateway = await startDyingGateway();
  gateway.dieAt(2);
  const { page } = await visit(visitor.browser, `${gateway.url}/`);
  const names = ['one.png', 'two.png', 'three.png'];
  const files = await Promise.all(
    names.map(async (name, i) => ({ name, mimeType: 'image/png', buffer: await picture('png', 60 + i) })),
  );
  await drop(page, files);
  await eventually(() => page.getByRole('status').textContent()).toBe('3 of 3 files read.');
  const { uploads, deaths } = gateway.counts();
  expect(deaths).toBe(0);
  expect(uploads).toBeGreaterThan(3);
  expect(await stored()).toBe(3);
});

test('so is what a client sends again under its key, and without one there are two', async () => {
  await using gateway = await startDyingGateway();
  await using client = radiographClient(gateway.url);
  const file = new File([new Uint8Array(await picture('png', 70))], 'picture.png');
  for (const [idempotencyKey, uploads, radiographs] of [
    ['5f0c1a52', 2, 1],
    [null, 4, 3],
  ] as const) {
    gateway.dieAt(1);
    await expect(client.submit(file, { idempotencyKey })).rejects.toThrow(TypeError);
    await gateway.ready();
    const reading = await client.submit(file, { idempotencyKey });
    expect(reading.classification?.findings).toHaveLength(3);
    expect(gateway.counts()).toEqual({ uploads, deaths: 0 });
    expect(await stored()).toBe(radiographs);
  }
}, 120_000);
