import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { untilPortsAreFree } from './free-ports.ts';

/** A port that somebody else listens on, and what was told of it. */
async function aTakenPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = new AbortController();
  const told: string[] = [];
  const imaging = { name: 'imaging', host: '127.0.0.1', ports: { IMAGING_PORT: port } };
  const said = `port ${port} is taken (is Radiograph running already?); IMAGING_PORT sets another`;
  const waiting = { tell: (message: string) => void told.push(message), signal: stop.signal };
  return { server, imaging, said, stop, told, waiting, [Symbol.dispose]: () => void server.close() };
}

test('a port that stays taken is named with its setting', async () => {
  using it = await aTakenPort();
  await expect(untilPortsAreFree([it.imaging], { ...it.waiting, ms: 0 })).rejects.toThrow(it.said);
  expect(it.told).toEqual([]);
  const free = { ...it.imaging, ports: { IMAGING_PORT: 0 } };
  expect(await untilPortsAreFree([free], { ...it.waiting, ms: 0 })).toBe(true);
});

test('a port is waited for, which is told once, and is taken when it is free', async () => {
  using it = await aTakenPort();
  const free = untilPortsAreFree([it.imaging], { ...it.waiting, ms: 20_000 });
  await expect.poll(() => it.told).toEqual([`${it.said}. Waiting for it for 20 s`]);
  it.server.close();
  expect(await free).toBe(true);
  expect(it.told).toHaveLength(1);
});

test('who is asked to stop meanwhile waits no longer', async () => {
  using it = await aTakenPort();
  const free = untilPortsAreFree([it.imaging], { ...it.waiting, ms: 20_000 });
  await expect.poll(() => it.told).toHaveLength(1);
  it.stop.abort();
  expect(await free).toBe(false);
});

test('an address that is not of this machine is not waited for', async () => {
  using it = await aTakenPort();
  const elsewhere = { ...it.imaging, host: '192.0.2.1' };
  await expect(untilPortsAreFree([elsewhere], { ...it.waiting, ms: 20_000 })).rejects.toThrow(
    'imaging cannot listen on 192.0.2.1',
  );
});
