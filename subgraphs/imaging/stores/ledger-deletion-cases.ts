import { expect, test } from 'vitest';
import { isBeingRemoved } from '../domain/deletion.ts';
import type { NewRadiograph } from '../domain/ledger.ts';
import { aClassification, aRadiograph, type LedgerFactory, underClock } from './ledger-cases.ts';

const LEASE_MS = 1_000;
const BY_ALICE = { actor: 'alice', worker: 'w', leaseMs: LEASE_MS };

function naming(original: string, rendering: string): NewRadiograph {
  const radiograph = aRadiograph('p1');
  const address = rendering.repeat(64);
  return {
    ...radiograph,
    originalAddress: original.repeat(64),
    rendering: { ...radiograph.rendering, address },
  };
}

/** What any ledger does when radiographs are deleted. */
export function ledgerDeletionCases(place: LedgerFactory): void {
  test('a deleted radiograph is gone with its classification, and its job and audit row stay', async () => {
    await using it = await underClock(place);
    const { ledger } = it;
    const { id, radiographId } = await ledger.submit(naming('a', 'b'), 'alice');
    await ledger.take('w', LEASE_MS);
    await ledger.succeed(id, 'w', aClassification(radiographId));
    const ended = await it.job(id);
    expect(await ledger.hasClassified()).toBe(true);
    const deleted = await ledger.deleteRadiograph(radiographId, BY_ALICE);
    expect(deleted?.jobId).toBe(id);
    expect(deleted?.removals.toSorted((x, y) => (x.address < y.address ? -1 : 1))).toEqual([
      { address: 'a'.repeat(64), storedBefore: null },
      { address: 'b'.repeat(64), storedBefore: null },
    ]);
    expect((await ledger.radiographs([radiographId])).size).toBe(0);
    expect((await ledger.classifications([radiographId])).size).toBe(0);
    expect((await ledger.page({ first: 5 })).items).toEqual([]);
    expect((await ledger.page({ first: 5, patientId: 'p1' })).items).toEqual([]);
    expect(await it.job(id)).toEqual(ended);
    // A model server has been there all the same.
    expect(await ledger.hasClassified()).toBe(true);
    expect((await ledger.auditRows(0, 10)).at(-1)).toMatchObject({
      ...{ actor: 'alice', action: 'DELETE', target: radiographId, outcome: 'OK' },
    });
    expect(await ledger.deleteRadiograph(radiographId, BY_ALICE)).toBeUndefined();
    expect((await ledger.auditRows(0, 10)).filter(({ action }) => action === 'DELETE')).toHaveLength(1);
  });

  test('a queued job of a deleted radiograph is cancelled, and no worker takes it', async () => {
    await using it = await underClock(place);
    const { id, radiographId } = await it.ledger.submit(aRadiograph(), 'alice');
    it.clock.now += 5;
    await it.ledger.deleteRadiograph(radiographId, BY_ALICE);
    expect(await it.job(id)).toMatchObject({ state: 'CANCELLED', version: 2, finishedAt: 1_000_005 });
    expect(await it.ledger.take('w', LEASE_MS)).toBeUndefined();
    expect(await it.ledger.waiting()).toBe(0);
  });

  test('a worker that comes with its answer after the deletion changes nothing', async () => {
    await using it = await underClock(place);
    const { ledger } = it;
    const { id, radiographId } = await ledger.submit(aRadiograph(), 'alice');
    await ledger.take('w1', LEASE_MS);
    await ledger.deleteRadiograph(radiographId, BY_ALICE);
    const cancelled = await it.job(id);
    expect(cancelled).toMatchObject({ state: 'CANCELLED', version: 3 });
    expect(await ledger.renew(id, 'w1', LEASE_MS)).toBe('LOST');
    await ledger.succeed(id, 'w1', aClassification(radiographId));
    await ledger.fail(id, 'w1', { code: 'INTERNAL', message: 'late' }, 10);
    expect(await it.job(id)).toEqual(cancelled);
    expect((await ledger.classifications([radiographId])).size).toBe(0);
  });

  test('blobs that another radiograph names stay until the last one goes', async () => {
    await using it = await underClock(place);
    const { ledger } = it;
    const deleted = async ({ radiographId }: { radiographId: string }) =>
      (await ledger.deleteRadiograph(radiographId, BY_ALICE))?.removals
        .map(({ address }) => address[0])
        .sort();
    const first = await ledger.submit(naming('a', 'b'), 'alice');
    const second = await ledger.submit(naming('a', 'b'), 'bob');
    // The original of one is the rendering of another.
    const third = await ledger.submit(naming('c', 'a'), 'bob');
    expect(await deleted(first)).toEqual([]);
    expect(await deleted(second)).toEqual(['b']);
    expect(await deleted(third)).toEqual(['a', 'c']);
  });

  test('no radiograph is taken in while a blob that it names is being removed', async () => {
    await using it = await underClock(place);
    const { ledger } = it;
    const { radiographId } = await ledger.submit(naming('a', 'b'), 'alice');
    await ledger.deleteRadiograph(radiographId, BY_ALICE);
    for (const radiograph of [naming('a', 'x'), naming('x', 'b'), naming('b', 'x')]) {
      const refusal = await ledger.submit(radiograph, 'bob').catch((error: unknown) => error);
      expect(isBeingRemoved(refusal)).toBe(true);
    }
    expect((await ledger.page({ first: 5 })).items).toEqual([]);
    expect(await ledger.waiting()).toBe(0);
    await ledger.endRemoval('a'.repeat(64), 'w');
    await ledger.endRemoval('b'.repeat(64), 'w');
    expect(await ledger.submit(naming('a', 'b'), 'bob')).toMatchObject({ state: 'QUEUED' });
  });

  test('only blobs that nobody names are condemned, each once', async () => {
    await using it = await underClock(place);
    await it.ledger.submit(naming('a', 'b'), 'alice');
    const addresses = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(64));
    await it.ledger.condemn(addresses, 500);
    await it.ledger.condemn(addresses, 600);
    await it.ledger.condemn([], 600);
    const taken = await it.ledger.takeRemovals('w', LEASE_MS, 10);
    expect(taken.toSorted((x, y) => (x.address < y.address ? -1 : 1))).toEqual([
      { address: 'c'.repeat(64), storedBefore: 500 },
      { address: 'd'.repeat(64), storedBefore: 500 },
    ]);
  });

  test('a removal is one worker’s until its lease runs out, and ends by the one who holds it', async () => {
    await using it = await underClock(place);
    await using other = await it.open();
    const addresses = Array.from({ length: 40 }, (_, i) => String(i).padStart(64, '0'));
    await it.ledger.condemn(addresses, 1);
    const takes = Array.from({ length: 10 }, (_, i) =>
      (i % 2 === 0 ? it.ledger : other).takeRemovals(`w${i}`, LEASE_MS, 5),
    );
    const taken = (await Promise.all(takes)).flat().map(({ address }) => address);
    expect(new Set(taken).size).toBe(taken.length);
    while ((await it.ledger.takeRemovals('rest', LEASE_MS, 5)).length > 0);
    const [address = ''] = addresses;
    await it.ledger.endRemoval(address, 'a stranger');
    it.clock.now += LEASE_MS;
    expect(await it.ledger.takeRemovals('late', LEASE_MS, 100)).toHaveLength(40);
    await it.ledger.endRemoval(address, 'late');
    it.clock.now += LEASE_MS;
    expect(await it.ledger.takeRemovals('late', LEASE_MS, 100)).toHaveLength(39);
  });

  test('what the cache could not forget is noted until it has, and keeps no radiograph out', async () => {
    await using it = await underClock(place);
    const { ledger } = it;
    const { radiographId } = await ledger.submit(naming('a', 'b'), 'alice');
    await ledger.deleteRadiograph(radiographId, BY_ALICE);
    const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
    await ledger.endRemoval(a, 'a stranger', true);
    expect(await ledger.remembered(5)).toEqual([]);
    await ledger.endRemoval(a, 'w', true);
    await ledger.endRemoval(b, 'w');
    expect(await ledger.remembered(5)).toEqual([a]);
    const again = await ledger.submit(naming('a', 'b'), 'bob');
    await ledger.deleteRadiograph(again.radiographId, BY_ALICE);
    await ledger.endRemoval(a, 'w', true);
    expect(await ledger.remembered(5)).toEqual([a]);
    await ledger.forgotten(a);
    expect(await ledger.remembered(5)).toEqual([]);
  });

  test('radiographs are known by their age', async () => {
    await using it = await underClock(place);
    const ids = [];
    for (let i = 0; i < 3; i += 1) {
      ids.push((await it.ledger.submit(aRadiograph(), 'alice')).radiographId);
      it.clock.now += 10;
    }
    expect(await it.ledger.acceptedBefore(1_000_000, 5)).toEqual([]);
    expect(await it.ledger.acceptedBefore(1_000_011, 5)).toEqual(ids.slice(0, 2));
    expect(await it.ledger.acceptedBefore(1_000_011, 1)).toEqual(ids.slice(0, 1));
  });

  test('of a submission and a condemnation that compete for a blob exactly one wins', async () => {
    await using it = await underClock(place);
    await using other = await it.open();
    const addresses = Array.from({ length: 40 }, (_, i) => String(i).padStart(64, '0'));
    const submissions = addresses.map((address) =>
      it.ledger.submit({ ...naming('a', 'b'), originalAddress: address }, 'alice').then(
        () => address,
        () => undefined,
      ),
    );
    const condemnations = addresses.map((address) => other.condemn([address], 1));
    const [named] = await Promise.all([Promise.all(submissions), ...condemnations]);
    const condemned = (await other.takeRemovals('w', LEASE_MS, 100)).map(({ address }) => address);
    const taken = named.filter((address) => address !== undefined);
    expect([...condemned, ...taken].sort()).toEqual(addresses);
  });

  test('a worker that ends a job while its radiograph is deleted disturbs nothing', async () => {
    await using it = await underClock(place);
    await using other = await it.open();
    for (let i = 0; i < 20; i += 1) {
      const { id, radiographId } = await it.ledger.submit(aRadiograph(), 'alice');
      await it.ledger.take('w', LEASE_MS);
      const [deleted] = await Promise.all([
        other.deleteRadiograph(radiographId, BY_ALICE),
        it.ledger.succeed(id, 'w', aClassification(radiographId)),
      ]);
      expect(deleted?.jobId).toBe(id);
      for (const { address } of deleted?.removals ?? []) await it.ledger.endRemoval(address, 'w');
      expect((await it.ledger.classifications([radiographId])).size).toBe(0);
      expect(['SUCCEEDED', 'CANCELLED']).toContain((await it.job(id))?.state);
    }
  });
}
