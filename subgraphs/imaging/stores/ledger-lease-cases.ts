import { expect, test } from 'vitest';
import { verifyTrail } from '../domain/audit.ts';
import { aClassification, aRadiograph, type LedgerFactory, underClock } from './ledger-cases.ts';

const LEASE_MS = 1_000;

/** What any ledger does with priorities, cancelled jobs and leases that are given back. */
export function ledgerLeaseCases(place: LedgerFactory): void {
  const submitted = async (it: Awaited<ReturnType<typeof underClock>>) =>
    it.ledger.submit(aRadiograph(), 'alice');

  test('the most urgent job is taken first, and of equal ones the oldest', async () => {
    await using it = await underClock(place);
    const ids = new Map<string, string>();
    for (const priority of ['ROUTINE', 'URGENT', 'STAT', 'URGENT', 'STAT'] as const) {
      const job = await it.ledger.submit(aRadiograph(), 'alice', priority);
      expect(job.priority).toBe(priority);
      ids.set(job.id, `${priority} ${ids.size}`);
    }
    const order = [];
    for (let i = 0; i < 5; i += 1) order.push(ids.get((await it.ledger.take('w', LEASE_MS))?.id ?? ''));
    expect(order).toEqual(['STAT 2', 'STAT 4', 'URGENT 1', 'URGENT 3', 'ROUTINE 0']);
  });

  test('the backlog tells what waits, what is under way, and since when the oldest waits', async () => {
    await using it = await underClock(place);
    expect(await it.ledger.backlog()).toEqual({ queued: 0, running: 0, oldestQueuedMs: 0 });
    const first = await submitted(it);
    it.clock.now += 70;
    await submitted(it);
    it.clock.now += 30;
    expect(await it.ledger.backlog()).toEqual({ queued: 2, running: 0, oldestQueuedMs: 100 });
    await it.ledger.take('w', LEASE_MS, first.id);
    expect(await it.ledger.backlog()).toEqual({ queued: 1, running: 1, oldestQueuedMs: 30 });
  });

  test('a job keeps the request that it comes from, through all its attempts', async () => {
    await using it = await underClock(place);
    const origin = { requestId: 'ward-7', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    const { id } = await it.ledger.submit(aRadiograph(), 'alice', 'ROUTINE', origin);
    expect(await it.job(id)).toMatchObject({ origin });
    expect(await it.ledger.take('w1', LEASE_MS)).toMatchObject({ id, origin });
    it.clock.now += LEASE_MS;
    expect(await it.ledger.take('w2', LEASE_MS)).toMatchObject({ id, attempts: 2, origin });
    expect((await submitted(it)).origin).toEqual({ requestId: null, traceparent: null });
  });

  test('a job that is named is taken when it is due, and no other in its place', async () => {
    await using it = await underClock(place);
    const first = await submitted(it);
    const second = await submitted(it);
    expect(await it.ledger.take('w1', LEASE_MS, second.id)).toMatchObject({ id: second.id, attempts: 1 });
    expect(await it.ledger.take('w2', LEASE_MS, second.id)).toBeUndefined();
    expect(await it.ledger.take('w2', LEASE_MS, 'nobody')).toBeUndefined();
    expect(await it.job(first.id)).toMatchObject({ state: 'QUEUED' });
    it.clock.now += LEASE_MS;
    expect(await it.ledger.take('w2', LEASE_MS, second.id)).toMatchObject({ id: second.id, attempts: 2 });
  });

  test('a job that waits is cancelled at once, and once', async () => {
    await using it = await underClock(place);
    const { id } = await submitted(it);
    it.clock.now += 3;
    const cancelled = await it.ledger.cancel(id, 'bob');
    expect(cancelled).toMatchObject({ state: 'CANCELLED', version: 2, finishedAt: 1_000_003, error: null });
    expect(await it.ledger.cancel(id, 'bob')).toEqual(cancelled);
    expect(await it.job(id)).toEqual(cancelled);
    expect(await it.ledger.take('w', LEASE_MS)).toBeUndefined();
    expect(await it.ledger.waiting()).toBe(0);
    for (const unknown of ['nobody', '\0']) expect(await it.ledger.cancel(unknown, 'bob')).toBeUndefined();
    const [, row, ...more] = await it.ledger.auditRows(0, 9);
    expect(row).toMatchObject({ actor: 'bob', action: 'CANCEL', target: id, outcome: 'OK' });
    expect(more).toEqual([]);
  });

  test('a job under way that was taken back ends CANCELLED, whatever its worker says of it', async () => {
    await using it = await underClock(place);
    for (const end of ['succeed', 'fail', 'retry', 'release'] as const) {
      const { id, radiographId } = await submitted(it);
      await it.ledger.take('w', LEASE_MS);
      const asked = await it.ledger.cancel(id, 'bob');
      expect(asked).toMatchObject({ state: 'RUNNING', cancelRequested: true, version: 3 });
      expect(await it.ledger.cancel(id, 'bob')).toEqual(asked);
      expect(await it.ledger.renew(id, 'w', LEASE_MS)).toBe('CANCEL_REQUESTED');
      if (end === 'succeed') await it.ledger.succeed(id, 'w', aClassification(radiographId));
      else if (end === 'fail') await it.ledger.fail(id, 'w', { code: 'INTERNAL', message: 'x' });
      else if (end === 'retry') await it.ledger.fail(id, 'w', { code: 'INTERNAL', message: 'x' }, 5);
      else await it.ledger.release(id, 'w');
      expect(await it.job(id), end).toMatchObject({ state: 'CANCELLED', version: 4, progress: 1 });
      expect((await it.ledger.classifications([radiographId])).size).toBe(0);
    }
    const acts = (await it.ledger.auditRows(0, 99)).map(({ action }) => action);
    expect(acts).toEqual(Array(4).fill(['SUBMIT', 'CANCEL']).flat());
    expect(await verifyTrail(it.ledger)).toMatchObject({ whole: true });
  });

  test('a job that has ended cannot be taken back, and keeps its result', async () => {
    await using it = await underClock(place);
    const { id, radiographId } = await submitted(it);
    await it.ledger.take('w', LEASE_MS);
    expect(await it.ledger.hasClassified()).toBe(false);
    await it.ledger.succeed(id, 'w', aClassification(radiographId));
    expect(await it.ledger.hasClassified()).toBe(true);
    expect(await it.ledger.cancel(id, 'bob')).toMatchObject({ state: 'SUCCEEDED', version: 3 });
    expect((await it.ledger.classifications([radiographId])).size).toBe(1);
  });

  test('a job whose worker died after it was taken back is handed out once more, to be ended', async () => {
    await using it = await underClock(place);
    const { id } = await submitted(it);
    await it.ledger.take('w1', LEASE_MS);
    await it.ledger.cancel(id, 'bob');
    it.clock.now += LEASE_MS;
    expect(await it.ledger.take('w2', LEASE_MS)).toMatchObject({ id, cancelRequested: true });
    await it.ledger.release(id, 'w2');
    expect(await it.job(id)).toMatchObject({ state: 'CANCELLED' });
  });

  test('a lease that is given back counts no attempt, and the next worker has the job at once', async () => {
    await using it = await underClock(place);
    const { id } = await submitted(it);
    await it.ledger.take('w1', LEASE_MS);
    await it.ledger.release(id, 'w2');
    expect(await it.job(id)).toMatchObject({ state: 'RUNNING', attempts: 1 });
    await it.ledger.release(id, 'w1');
    expect(await it.job(id)).toMatchObject({ state: 'QUEUED', attempts: 0, version: 3, progress: 0 });
    expect(await it.ledger.take('w2', LEASE_MS)).toMatchObject({ id, attempts: 1 });
  });

  test('progress only grows, and a heartbeat without news is no change', async () => {
    await using it = await underClock(place);
    const { id } = await submitted(it);
    await it.ledger.take('w', LEASE_MS);
    expect(await it.ledger.renew(id, 'w', LEASE_MS, 0.5)).toBe('HELD');
    expect(await it.job(id)).toMatchObject({ progress: 0.5, version: 3 });
    await it.ledger.renew(id, 'w', LEASE_MS, 0.25);
    await it.ledger.renew(id, 'w', LEASE_MS);
    expect(await it.job(id)).toMatchObject({ progress: 0.5, version: 3 });
  });

  test('what nobody took in time is found, and when a job is due is told', async () => {
    await using it = await underClock(place);
    const routine = await submitted(it);
    const stat = await it.ledger.submit(aRadiograph(), 'alice', 'STAT');
    expect(await it.ledger.overdue(100, 9)).toEqual([]);
    it.clock.now += 100;
    expect((await it.ledger.overdue(100, 9)).map(({ id }) => id)).toEqual([stat.id, routine.id]);
    expect(await it.ledger.overdue(100, 1)).toHaveLength(1);
    expect(await it.ledger.dueIn(routine.id)).toBe(0);
    await it.ledger.take('w', LEASE_MS, stat.id);
    it.clock.now += 400;
    expect(await it.ledger.dueIn(stat.id)).toBe(LEASE_MS - 400);
    await it.ledger.fail(stat.id, 'w', { code: 'OVERLOADED', message: 'busy' }, 700);
    expect(await it.ledger.dueIn(stat.id)).toBe(700);
    expect((await it.ledger.overdue(100, 9)).map(({ id }) => id)).toEqual([routine.id]);
    await it.ledger.cancel(stat.id, 'bob');
    expect(await it.ledger.dueIn(stat.id)).toBeUndefined();
    expect(await it.ledger.dueIn('nobody')).toBeUndefined();
  });

  test('what one process changes wakes another', async () => {
    await using it = await underClock(place);
    await using other = await it.open();
    const woken = new Promise<void>((resolve) => other.onChange(() => resolve()));
    await submitted(it);
    await woken;
  });
}
