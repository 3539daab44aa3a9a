import { expect, test } from 'vitest';
import { recentEvents, type Sink } from './recent-events.ts';

function aSource(most?: number) {
  let sink: Sink<number> | undefined;
  let open = true;
  const events = recentEvents<number>((given) => {
    sink = given;
    return () => (open = false);
  }, most);
  return { events, push: (event: number) => sink?.next(event), sink: () => sink, isOpen: () => open };
}

test('a reader that lags gets the newest events, in order', async () => {
  const { events, push, sink } = aSource(3);
  for (let event = 1; event <= 50_000; event += 1) push(event);
  sink()?.complete();
  const read: number[] = [];
  for await (const event of events) read.push(event);
  expect(read).toEqual([49_998, 49_999, 50_000]);
});

test('a reader that waits is woken by an event, a fault and the end', async () => {
  const { events, push, sink } = aSource();
  const first = events.next();
  push(1);
  expect(await first).toEqual({ done: false, value: 1 });
  const second = events.next();
  sink()?.error(new Error('gone'));
  await expect(second).rejects.toThrow('gone');
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test('events before a fault are still told', async () => {
  const { events, push, sink } = aSource();
  push(1);
  sink()?.error(new Error('gone'));
  expect(await events.next()).toEqual({ done: false, value: 1 });
  await expect(events.next()).rejects.toThrow('gone');
});

test('return() ends the source and a read that waits, at once', async () => {
  const { events, push, isOpen } = aSource();
  const pending = events.next();
  await events.return?.();
  expect(isOpen()).toBe(false);
  expect(await pending).toEqual({ done: true, value: undefined });
  push(2);
  expect(await events.next()).toEqual({ done: true, value: undefined });
});
