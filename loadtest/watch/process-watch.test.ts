import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { slope, watchProcesses } from './process-watch.ts';

test('the slope of a noisy line is that of its least squares', () => {
  expect(slope([0, 1, 2, 3].map((x) => [x, 2 * x + (x % 2 === 0 ? 1 : -1)]))).toBeCloseTo(1.6);
  expect(slope([[1, 1]])).toBeNaN();
});

test.runIf(process.platform === 'linux')('a process is found by its port, and its work is seen', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const services = new Map([
    ['here', `http://127.0.0.1:${port}/metrics`],
    ['nowhere', 'http://127.0.0.1:1/metrics'],
  ]);
  const stop = watchProcesses(services, 10);
  for (const end = process.cpuUsage().user + 100_000; process.cpuUsage().user < end; );
  const usage = stop();
  server.close();
  expect(usage.map(({ name }) => name)).toEqual(['here', 'driver']);
  expect(usage[0]?.cpuMs).toBeGreaterThan(50);
  expect(usage[0]?.samples.at(-1)?.megabytes).toBeGreaterThan(10);
});
