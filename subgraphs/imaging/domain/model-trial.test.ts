import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { modelRoute } from './model-trial.ts';

const canary = { version: '2', share: 0.1 };
const addresses = Array.from({ length: 10_000 }, (_, i) => createHash('sha256').update(`${i}`).digest('hex'));

test('without trials the highest version answers, and none when none is served', () => {
  expect(modelRoute({}, ['3', '1'], 'a')).toEqual({ main: '3', canary: undefined, shadow: undefined });
  expect(modelRoute({ canary }, [], 'a')).toEqual({ main: undefined, canary: undefined, shadow: undefined });
});

test('a canary gets its share of the images, the same ones each time', () => {
  const chosen = (share: number) =>
    addresses.filter(
      (address) => modelRoute({ canary: { version: '2', share } }, ['2', '1'], address).canary,
    );
  const tenth = chosen(0.1);
  expect(tenth.length).toBeGreaterThan(900);
  expect(tenth.length).toBeLessThan(1_100);
  expect(chosen(0.1)).toEqual(tenth);
  // A share that grows keeps those who had it.
  expect(chosen(0.2)).toEqual(expect.arrayContaining(tenth));
  expect([chosen(0).length, chosen(1).length]).toEqual([0, addresses.length]);
});

test('the version on trial is not the main one, although it is higher', () => {
  for (const address of addresses.slice(0, 100))
    expect(modelRoute({ canary }, ['2', '1'], address).main).toBe('1');
});

test('a trial waits for its version, and is over when no other is left', () => {
  const whole = { canary: { version: '2', share: 1 } };
  expect(modelRoute(whole, ['1'], 'a')).toMatchObject({ main: '1', canary: undefined });
  expect(modelRoute(whole, ['2'], 'a')).toMatchObject({ main: '2', canary: undefined });
});

test('trials of two versions share images by chance alone, and a canary has no shadow', () => {
  const trials = { canary: { version: '2', share: 0.5 }, shadow: { version: '3', share: 0.5 } };
  const routes = addresses.map((address) => modelRoute(trials, ['3', '2', '1'], address));
  const shadowed = routes.filter(({ shadow }) => shadow !== undefined);
  expect(shadowed.length).toBeGreaterThan(2_300);
  expect(shadowed.length).toBeLessThan(2_700);
  expect(shadowed.every((route) => route.canary === undefined && route.main === '1')).toBe(true);
});
