import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testClient } from './testing/serving-test-client.ts';
import { numbers, SLOW_MODEL, slowAnswer, slowRequest } from './testing/slow-serving.ts';

const UNAVAILABLE = 14;

let base: string;
let child: ChildProcess | undefined;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'process-'));
  symlinkSync(join(SLOW_MODEL, '..'), join(base, 'slow'));
});
afterAll(() => {
  child?.kill('SIGKILL');
  rmSync(base, { recursive: true });
});

async function start(grpcPort: number): Promise<number> {
  child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      ...process.env,
      LOG_LEVEL: 'info',
      MODEL_BASE_PATH: base,
      SERVING_GRPC_PORT: String(grpcPort),
      SERVING_REST_PORT: '0',
      SERVING_WORKERS: '1',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!child.stdout) throw new Error('Expected the log of the server');
  for await (const line of createInterface(child.stdout)) {
    const entry: { msg: string; grpcPort: number } = JSON.parse(line);
    if (entry.msg === 'serving is ready') return entry.grpcPort;
  }
  throw new Error('The server ended before it was ready');
}

test('after kill -9 the calls fail as UNAVAILABLE, and a new process serves on the same port; SIGTERM drains', async () => {
  const port = await start(0);
  using client = testClient(port);
  const lost = client.predict(slowRequest(numbers(64))).catch(({ code }: { code: number }) => code);
  await client.status({ model_spec: { name: 'slow' } });
  child?.kill('SIGKILL');
  expect(await lost).toBe(UNAVAILABLE);

  expect(await start(port)).toBe(port);
  using again = testClient(port);
  const answer = again.predict(slowRequest(numbers(64)));
  await again.status({ model_spec: { name: 'slow' } });
  const ended = once(child as ChildProcess, 'exit');
  child?.kill('SIGTERM');
  expect(slowAnswer(await answer)).toEqual(numbers(64));
  expect(await ended).toEqual([0, null]);
}, 60_000);
