import type { ExecutionResult } from 'graphql';
import { expect, test } from 'vitest';
import { recentEvents, type Sink } from './recent-events.ts';
import { untilTokenEnds } from './token-end.ts';

/** A stream that the test writes, and how often it was over. */
function aStream(lifetimeMs: number) {
  const seen = { ended: 0, unsubscribed: 0 };
  let sink: Sink<ExecutionResult> | undefined;
  const events = recentEvents<ExecutionResult>((given) => {
    sink = given;
    return () => {
      seen.unsubscribed += 1;
    };
  });
  const stream = untilTokenEnds(events, Date.now() + lifetimeMs, () => {
    seen.ended += 1;
  });
  return { seen, stream, send: (data: Record<string, unknown>) => sink?.next({ data }) };
}

const DONE = { done: true, value: undefined };
const RAN_OUT = {
  done: false,
  value: { errors: [expect.objectContaining({ extensions: { code: 'UNAUTHENTICATED' } })] },
};

test('a silent stream ends with one error when the token runs out', async () => {
  const { seen, stream } = aStream(50);
  expect(await stream.next()).toEqual(RAN_OUT);
  expect(await stream.next()).toEqual(DONE);
  expect(seen).toEqual({ ended: 1, unsubscribed: expect.any(Number) });
  expect(seen.unsubscribed).toBeGreaterThan(0);
});

test('an event that comes after the token ran out is not shown', async () => {
  const { stream, send } = aStream(-1);
  send({ secret: 1 });
  expect(await stream.next()).toEqual(RAN_OUT);
  expect(await stream.next()).toEqual(DONE);
});

test('while the token is good every event passes, and the stream ends as it would', async () => {
  const { seen, stream, send } = aStream(Number.POSITIVE_INFINITY);
  send({ n: 1 });
  expect(await stream.next()).toEqual({ done: false, value: { data: { n: 1 } } });
  const pending = stream.next();
  await stream.return?.();
  expect(await pending).toEqual(DONE);
  expect(seen.ended).toBe(1);
});
