import { expect, test } from 'vitest';
import type { ServedVersion } from '../domain/classifier.ts';
import type { ModelCards } from './model-cards.ts';
import { availableVersions, servedModels } from './served-models.ts';

const served = (version: string, state = 'AVAILABLE') => ({ version, state }) as ServedVersion;
const cards = {
  card: async (version: string) => ({ digest: `of ${version}` }),
  versions: async () => ['1'],
} as unknown as ModelCards;

test('a pool that is left alone is not asked', async () => {
  const asked: string[] = [];
  const pool = (name: string, isFit: boolean) => ({
    ...{ name, mayAsk: () => isFit },
    async versions() {
      asked.push(name);
      return [served('1')];
    },
  });
  expect(await servedModels([pool('gpu', false), pool('embedded', true)], 'm', cards)).toEqual([
    { name: 'm', version: '1', state: 'AVAILABLE', digest: 'of 1', engine: 'Embedded ONNX Runtime' },
  ]);
  expect(asked).toEqual(['embedded']);
  expect(await servedModels([pool('gpu', false)], 'm', cards)).toMatchObject([{ state: 'UNKNOWN' }]);
});

/** Versions as of a clock that the test moves, from a server whose answer the test gives. */
function aClock() {
  const state = { now: 0, asked: 0, answer: async () => [served('1')] };
  const models = () => {
    state.asked += 1;
    return state.answer();
  };
  return { state, available: availableVersions(models, () => state.now) };
}

test('only AVAILABLE versions count, by number', async () => {
  const { state, available } = aClock();
  state.answer = async () => [served('9'), served('10'), served('11', 'LOADING'), served('2')];
  expect(await available()).toEqual(['10', '9', '2']);
});

test('a server that is slow to say delays nobody who knows an answer of the last ten seconds', async () => {
  const { state, available } = aClock();
  await available();
  state.now = 999;
  await available();
  expect(state.asked).toBe(1);
  const { promise, resolve } = Promise.withResolvers<ServedVersion[]>();
  state.answer = () => promise;
  state.now = 9_999;
  expect([await available(), await available()]).toEqual([['1'], ['1']]);
  expect(state.asked).toBe(2);
  resolve([served('2')]);
  await expect.poll(() => available()).toEqual(['2']);
});

test('one who has found a change is told what is there now, and so is everybody after', async () => {
  const { state, available } = aClock();
  await available();
  state.answer = async () => [served('2')];
  expect([await available(), await available(true), await available()]).toEqual([['1'], ['2'], ['2']]);
  expect(state.asked).toBe(2);
});

test('an answer that is older is asked for, and what cannot be said is not remembered', async () => {
  const { state, available } = aClock();
  await available();
  state.now = 10_000;
  state.answer = async () => [served('2', 'UNKNOWN')];
  expect(await available()).toEqual([]);
  state.answer = () => Promise.reject(new Error('no card'));
  await expect(available()).rejects.toThrow('no card');
  state.answer = async () => [served('2')];
  expect(await available()).toEqual(['2']);
});
