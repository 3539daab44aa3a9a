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
