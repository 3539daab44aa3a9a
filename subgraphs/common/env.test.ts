import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { commonSettings, portSetting, readSettings } from './env.ts';

const SHAPE = { ...commonSettings, ICU_PORT: portSetting(4003), ICU_URL: z.url() };
const ICU_URL = 'http://127.0.0.1:4003';

function messageOf(env: NodeJS.ProcessEnv): string {
  try {
    readSettings(SHAPE, env);
    return 'no fault';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test('one message names every bad setting and every missing one, and repeats no value', () => {
  const message = messageOf({ ICU_PORT: 'hunter2', LOG_LEVEL: 'loud', HOST: 'h', DATA_DIR: '/data' });
  for (const name of ['ICU_PORT', 'LOG_LEVEL', 'ICU_URL']) expect(message).toContain(name);
  for (const fine of ['HOST', 'DATA_DIR', 'hunter2', 'loud']) expect(message).not.toContain(fine);
});

test('a setting of nothing counts as not set', () => {
  const defaults = {
    DATA_DIR: './.radiograph',
    LOG_LEVEL: 'info',
    HOST: '127.0.0.1',
    OTEL_TRACES_SAMPLER_ARG: 1,
    DRAIN_DELAY_MS: 0,
    ICU_PORT: 4003,
    ICU_URL,
  };
  expect(readSettings(SHAPE, { ICU_URL })).toEqual(defaults);
  for (const nothing of ['', ' ', '\t', undefined]) {
    const env = { DATA_DIR: nothing, LOG_LEVEL: nothing, HOST: nothing, ICU_PORT: nothing, ICU_URL };
    expect(readSettings(SHAPE, env)).toEqual(defaults);
  }
  expect(messageOf({ ICU_URL: '' })).toContain('ICU_URL');
});

test('only what was asked for is read', () => {
  expect(readSettings({ ICU_URL: z.url() }, { ICU_URL, PASSWORD: 'x' })).toEqual({ ICU_URL });
});

test.each(['-1', '65536', '4003.5', 'http', 'NaN', 'Infinity', '4003x'])('%s is no port', (ICU_PORT) => {
  expect(messageOf({ ICU_URL, ICU_PORT })).toContain('ICU_PORT');
});

test.each([
  ['0', 0],
  ['4003', 4003],
  ['65535', 65_535],
])('%s is a port', (ICU_PORT, port) => {
  expect(readSettings(SHAPE, { ICU_URL, ICU_PORT }).ICU_PORT).toBe(port);
});

test('a setting may stand in a file, and its last line break does not count', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'settings-'));
  const ICU_URL_FILE = join(folder.path, 'icu-url');
  writeFileSync(ICU_URL_FILE, `${ICU_URL}\n`);
  expect(readSettings(SHAPE, { ICU_URL_FILE }).ICU_URL).toBe(ICU_URL);
  expect(readSettings(SHAPE, { ICU_URL_FILE, ICU_URL: ' ' }).ICU_URL).toBe(ICU_URL);
  // A path that is set to nothing is not set.
  expect(readSettings(SHAPE, { ICU_URL_FILE: '', ICU_URL }).ICU_URL).toBe(ICU_URL);
  // What stands in the file is checked like any other value.
  writeFileSync(ICU_URL_FILE, 'hunter2');
  const message = messageOf({ ICU_URL_FILE });
  expect(message).toContain('ICU_URL');
  expect(message).not.toContain('hunter2');
});

test('a setting that is given twice, or in a file that is not there or empty, is named, and no path or content', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'settings-'));
  const there = join(folder.path, 'there');
  const empty = join(folder.path, 'empty');
  writeFileSync(there, ICU_URL);
  writeFileSync(empty, ' \n');
  const ICU_PORT_FILE = join(folder.path, 'nowhere');
  const both = messageOf({ ICU_URL, ICU_URL_FILE: there, ICU_PORT_FILE, HOST_FILE: empty });
  expect(both).toContain('expected ICU_URL or ICU_URL_FILE, got both');
  for (const name of ['ICU_URL_FILE', 'ICU_PORT_FILE', 'HOST_FILE']) expect(both).toContain(`at ${name}`);
  expect(both).not.toContain(folder.path);
  expect(both).not.toContain(ICU_URL);
  // A folder is no file.
  expect(messageOf({ ICU_URL_FILE: folder.path })).toContain('at ICU_URL_FILE');
});
