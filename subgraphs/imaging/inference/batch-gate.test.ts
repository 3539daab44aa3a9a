import { setImmediate as turn } from 'node:timers/promises';
import DataLoader from 'dataloader';
import { expect, test } from 'vitest';
import { batchGate } from './batch-gate.ts';

/** A loader behind a gate; each batch stays under way until `end` lets it go. */
function gated(slots: number, maxBatchSize = 100) {
  const gate = batchGate(slots);
  const batches: number[][] = [];
  const underWay: (() => void)[] = [];
  const loader = new DataLoader<number, number>(
    async (keys) => {
      batches.push([...keys]);
      await new Promise<void>((resolve) => underWay.push(resolve));
      gate.done();
      return keys;
    },
    { cache: false, maxBatchSize, batchScheduleFn: gate.schedule },
  );
  return {
    batches,
    load: (...keys: number[]) => Promise.all(keys.map((key) => loader.load(key))),
    underWay: () => underWay.length,
    end: () => underWay.shift()?.(),
  };
}

test('requests of one turn go together, and at once', async () => {
  const { batches, load, end } = gated(2);
  const answers = load(1, 2, 3);
  await turn();
  expect(batches).toEqual([[1, 2, 3]]);
  end();
  expect(await answers).toEqual([1, 2, 3]);
});

test('a batch grows while the slots are taken, and goes when one is free', async () => {
  const { batches, load, end } = gated(2);
  const answers = [load(1)];
  await turn();
  answers.push(load(2));
  await turn();
  for (const key of [3, 4, 5]) {
    answers.push(load(key));
    await turn();
  }
  expect(batches).toEqual([[1], [2]]);
  end();
  await expect.poll(() => batches).toEqual([[1], [2], [3, 4, 5]]);
  end();
  end();
  expect((await Promise.all(answers)).flat()).toEqual([1, 2, 3, 4, 5]);
});

test('no more batches than slots are under way, whatever waits', async () => {
  const { batches, load, underWay, end } = gated(2, 2);
  const answers = load(1, 2, 3, 4, 5, 6, 7);
  let most = 0;
  while (batches.flat().length < 7 || underWay() > 0) {
    await turn();
    most = Math.max(most, underWay());
    end();
  }
  expect(most).toBe(2);
  expect(batches).toEqual([[1, 2], [3, 4], [5, 6], [7]]);
  expect(await answers).toEqual([1, 2, 3, 4, 5, 6, 7]);
});
