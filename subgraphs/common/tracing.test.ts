import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openTracing } from './tracing.ts';

const run = promisify(execFile);

/** What a process loads of OpenTelemetry when it opens tracing with these settings. */
async function loaded(config: object | undefined): Promise<number> {
  const program = `
    import { registerHooks } from 'node:module';
    let seen = 0;
    registerHooks({ resolve(name, context, next) { seen += name.startsWith('@opentelemetry/'); return next(name, context); } });
    const { openTracing } = await import(${JSON.stringify(join(import.meta.dirname, 'tracing.ts'))});
    await using tracing = await openTracing('test', ${JSON.stringify(config)});
    console.log(seen);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);
  return Number(stdout);
}

test('without an endpoint nothing of OpenTelemetry is loaded and nothing is traced', async () => {
  expect(await loaded(undefined)).toBe(0);
  expect(await loaded({ endpoint: 'http://127.0.0.1:1', ratio: 1 })).toBeGreaterThan(3);
  await using tracing = await openTracing('test', undefined);
  expect(tracing.begin('work', { kind: 'internal' })).toBeUndefined();
});

test('a share of the traces that begin here is sampled, and those of others as they say', async () => {
  await using tracing = await openTracing('test', { endpoint: 'http://127.0.0.1:1', ratio: 0 });
  const flags = (parent?: string) =>
    tracing.begin('work', { kind: 'internal' }, parent)?.traceparent.slice(-2);
  expect(flags()).toBe('00');
  expect(flags('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')).toBe('01');
  expect(flags('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00')).toBe('00');
  expect(flags('nonsense')).toBe('00');
});
