import { expect, test } from 'vitest';
import { turns } from './turns.ts';

const never = new AbortController().signal;

test('work is done one after another, in the order of asking, also after a failure', async () => {
  const { inTurn, pending } = turns();
  const done: string[] = [];
  const first = Promise.withResolvers<void>();
  const all = Promise.allSettled([
    inTurn(never, () => first.promise.then(() => done.push('first'))),
    inTurn(never, () => Promise.reject(new Error('second'))),
    inTurn(never, async () => done.push('third')),
  ]);
  expect(pending()).toBe(3);
  first.resolve();
  expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(done).toEqual(['first', 'third']);
  expect(pending()).toBe(0);
});

test('what gives up while it waits is never done, and holds up nobody', async () => {
  const { inTurn, pending } = turns();
  const first = Promise.withResolvers<void>();
  const running = inTurn(never, () => first.promise);
  const late = new AbortController();
  const done: string[] = [];
  const waiting = inTurn(late.signal, async () => done.push('waiting'));
  const last = inTurn(never, async () => done.push('last'));
  late.abort();
  await expect(waiting).rejects.toMatchObject({ kind: 'timeout', outcomeUnknown: false });
  const afterwards = inTurn(AbortSignal.abort(), async () => done.push('afterwards'));
  await expect(afterwards).rejects.toMatchObject({ kind: 'timeout', outcomeUnknown: false });
  expect(done).toEqual([]);
  first.resolve();
  await Promise.all([running, last]);
  expect(done).toEqual(['last']);
  expect(pending()).toBe(0);
});
