import { expect, test } from 'vitest';
import { aClassification, aRadiograph, type LedgerFactory, underClock } from './ledger-cases.ts';

/** What any ledger does with pages, with many ids at once, and with a new start. */
export function ledgerPageCases(place: LedgerFactory): void {
  test('pages go from the newest to the oldest, each once', async () => {
    await using it = await underClock(place);
    const ids = [];
    for (let i = 0; i < 5; i += 1) ids.unshift((await it.ledger.submit(aRadiograph(), 'alice')).radiographId);
    const sizes = [];
    const seen = [];
    let after: number | undefined;
    let more = true;
    while (more) {
      const page = await it.ledger.page({ first: 2, ...(after !== undefined && { after }) });
      seen.push(...page.items.map(({ radiograph }) => radiograph.id));
      sizes.push(page.items.length);
      after = page.items.at(-1)?.position;
      more = page.hasMore;
    }
    expect(sizes).toEqual([2, 2, 1]);
    expect(seen).toEqual(ids);
  });

  test('a radiograph that arrives between two pages moves nothing', async () => {
    await using it = await underClock(place);
    const old = await it.ledger.submit(aRadiograph(), 'alice');
    await it.ledger.submit(aRadiograph(), 'alice');
    const { items } = await it.ledger.page({ first: 1 });
    await it.ledger.submit(aRadiograph(), 'alice');
    const next = await it.ledger.page({ first: 1, after: items[0]?.position ?? 0 });
    expect(next).toMatchObject({ items: [{ radiograph: { id: old.radiographId } }], hasMore: false });
  });

  test('a full last page says that there is no more', async () => {
    await using it = await underClock(place);
    await it.ledger.submit(aRadiograph(), 'alice');
    await it.ledger.submit(aRadiograph(), 'alice');
    expect((await it.ledger.page({ first: 2 })).hasMore).toBe(false);
    expect((await it.ledger.page({ first: 1 })).hasMore).toBe(true);
    expect(await it.ledger.page({ first: 2, after: 0 })).toEqual({ items: [], hasMore: false });
  });

  test('a page of one patient shows nobody else', async () => {
    await using it = await underClock(place);
    for (const patient of ['p1', 'p2', null, 'p1', 'p2', 'p1'])
      await it.ledger.submit(aRadiograph(patient), 'alice');
    const first = await it.ledger.page({ first: 2, patientId: 'p1' });
    expect(first).toMatchObject({ hasMore: true });
    const rest = await it.ledger.page({
      ...{ first: 2, patientId: 'p1' },
      after: first.items.at(-1)?.position ?? 0,
    });
    expect(rest).toMatchObject({ hasMore: false });
    const patients = [...first.items, ...rest.items].map(({ radiograph }) => radiograph.patientId);
    expect(patients).toEqual(['p1', 'p1', 'p1']);
    for (const patientId of ["' OR 1=1 --", '\0'])
      expect(await it.ledger.page({ first: 2, patientId })).toEqual({ items: [], hasMore: false });
  });

  test('many ids are read at once; unknown ones are left out, repeated ones are one', async () => {
    await using it = await underClock(place);
    const jobs = [];
    for (let i = 0; i < 60; i += 1) jobs.push(await it.ledger.submit(aRadiograph(), 'alice'));
    const ids = jobs.map(({ id }) => id);
    const found = await it.ledger.jobs([...ids, ...ids, 'nobody', '"', '', '\0']);
    expect([...found.keys()].sort()).toEqual([...ids].sort());
    expect((await it.ledger.radiographs([])).size).toBe(0);
  });

  test('what was stored is there when the ledger is opened again', async () => {
    await using it = await underClock(place);
    const done = await it.ledger.submit(aRadiograph('p1'), 'alice');
    await it.ledger.take('w1', 1_000);
    await it.ledger.succeed(done.id, 'w1', aClassification(done.radiographId));
    const running = await it.ledger.submit(aRadiograph(), 'alice');
    await it.ledger.take('w1', 1_000);
    const before = await it.ledger.jobs([done.id, running.id]);
    await using again = await it.open();
    expect(await again.jobs([done.id, running.id])).toEqual(before);
    expect((await again.classifications([done.radiographId])).get(done.radiographId)).toEqual(
      aClassification(done.radiographId),
    );
    expect((await again.page({ first: 9 })).items).toHaveLength(2);
    // The first process is dead and renews nothing: its job is the next one's after the lease.
    it.clock.now += 1_000;
    expect(await again.take('w2', 1_000)).toMatchObject({ id: running.id, attempts: 2 });
  });
}
