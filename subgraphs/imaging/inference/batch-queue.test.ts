import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { codeOf } from '#common/errors.ts';
import type { Inference } from '../domain/classification.ts';
import { batchQueue } from './batch-queue.ts';
import { ServingFault } from './serving-fault.ts';

type Sent = { readonly values: number[]; readonly version: string | undefined };

/** A queue in front of a server that works until the test lets a batch go. */
function aQueue(limits: { slots: number; maxBatch: number }, invalid: number[] = []) {
  const sent: Sent[] = [];
  const ends: (() => void)[] = [];
  const counts = { dropped: 0, refused: 0, waiting: 0 };
  const queue = batchQueue(
    limits,
    async (greys, version) => {
      const values = greys.map((grey) => grey[0] ?? -1);
      sent.push({ values, version });
      await new Promise<void>((resolve) => ends.push(resolve));
      if (values.some((value) => invalid.includes(value))) throw new ServingFault('invalid', 'no image');
      return values.map((value) => ({ probabilities: [value] }) as unknown as Inference);
    },
    {
      waiting(count) {
        counts.waiting = count;
      },
      sent: () => undefined,
      dropped() {
        counts.dropped += 1;
      },
      refused() {
        counts.refused += 1;
      },
    },
  );
  const load = (value: number, signal = new AbortController().signal, version?: string) =>
    queue.load({ grey: Buffer.from([value]), signal, version }).then(
      ({ probabilities }) => probabilities[0],
      (error: Error) => error,
    );
  /** Lets every batch go, until `answers` are all there. */
  async function drained<T>(answers: Promise<T>): Promise<T> {
    const settled = answers.finally(() => clearInterval(timer));
    const timer = setInterval(() => ends.shift()?.());
    return settled;
  }
  return { queue, sent, counts, load, drained };
}

test('one picture goes at once, alone', async () => {
  const { sent, load, drained } = aQueue({ slots: 1, maxBatch: 8 });
  expect(await drained(load(5))).toBe(5);
  expect(sent).toEqual([{ values: [5], version: undefined }]);
});

test('those who abort while they wait are not sent, and the others get their own answers', async () => {
  const { sent, counts, load, drained } = aQueue({ slots: 1, maxBatch: 8 });
  const gone = new AbortController();
  const answers = [load(1)];
  await turn();
  answers.push(load(2, gone.signal), load(3), load(4, gone.signal));
  gone.abort(new Error('gone'));
  expect(
    (await drained(Promise.all(answers))).map((one) => (one instanceof Error ? one.message : one)),
  ).toEqual([...[1, 'gone', 3, 'gone']]);
  expect(sent.map(({ values }) => values)).toEqual([[1], [3]]);
  expect(counts.dropped).toBe(2);
});

test('a batch of those who all left costs no call and frees its slot', async () => {
  const { sent, load, drained } = aQueue({ slots: 1, maxBatch: 8 });
  const gone = AbortSignal.abort(new Error('gone'));
  expect(await drained(load(1, gone))).toMatchObject({ message: 'gone' });
  expect(await drained(load(2))).toBe(2);
  expect(sent.map(({ values }) => values)).toEqual([[2]]);
});

test('one bad picture fails alone', async () => {
  const { sent, load, drained } = aQueue({ slots: 1, maxBatch: 8 }, [3]);
  const answers = await drained(Promise.all([1, 2, 3, 4].map((value) => load(value))));
  expect(answers.map((one) => (one instanceof Error ? codeOf(one) : one))).toEqual([1, 2, 'INTERNAL', 4]);
  expect(sent.map(({ values }) => values)).toEqual([[1, 2, 3, 4], [1], [2], [3], [4]]);
});

test('beyond four full batches for each slot nothing more is taken, until somebody leaves', async () => {
  const { counts, load, drained } = aQueue({ slots: 1, maxBatch: 2 });
  const first = load(0);
  await turn();
  const leaving = new AbortController();
  const waiting = Array.from({ length: 8 }, (_, i) => load(i + 1, i < 2 ? leaving.signal : undefined));
  expect(counts.waiting).toBe(8);
  expect(codeOf(await load(9))).toBe('OVERLOADED');
  expect(counts.refused).toBe(1);
  leaving.abort(new Error('gone'));
  const more = [load(9), load(10)];
  expect(codeOf(await load(11))).toBe('OVERLOADED');
  const answers = await drained(Promise.all([first, ...waiting, ...more]));
  expect(answers.filter((one) => typeof one === 'number')).toEqual([0, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(counts.waiting).toBe(0);
});

test('versions never share a batch, but the slots', async () => {
  const { sent, queue, load, drained } = aQueue({ slots: 1, maxBatch: 8 });
  const answers = [load(1, undefined, '1'), load(2, undefined, '2'), load(3, undefined, '1')];
  expect(queue.isIdle()).toBe(false);
  await turn();
  expect(sent).toEqual([{ values: [1, 3], version: '1' }]);
  await drained(Promise.all(answers));
  expect(sent).toEqual([
    { values: [1, 3], version: '1' },
    { values: [2], version: '2' },
  ]);
  expect(queue.isIdle()).toBe(true);
});
