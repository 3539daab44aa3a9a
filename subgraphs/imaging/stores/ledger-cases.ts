import { expect, test } from 'vitest';
import { verifyTrail, WORKER } from '../domain/audit.ts';
import type { StoredClassification } from '../domain/classification.ts';
import type { Ledger, NewRadiograph } from '../domain/ledger.ts';

/** A place that holds one ledger. */
export type LedgerPlace = AsyncDisposable & {
  /** A further connection to it. */
  open(): Ledger | Promise<Ledger>;
  /** Runs SQL past the ledger. */
  sql(text: string): Promise<void>;
  /** What the engine's own SQL offers against an audit trail. */
  readonly forbidden: readonly string[];
  /** SQL that takes the guards of the audit trail away. */
  readonly guards: readonly string[];
};

export type LedgerFactory = (now: () => number) => LedgerPlace | Promise<LedgerPlace>;

const LEASE_MS = 1_000;

export function aRadiograph(patientId: string | null = null): NewRadiograph {
  const rendering = {
    address: 'r'.repeat(64),
    mediaType: 'image/jpeg' as const,
    bytes: 9,
    width: 3,
    height: 2,
  };
  return {
    ...{ patientId, format: 'PNG', width: 3, height: 2, originalAddress: 'o'.repeat(64), rendering },
    dicom: null,
    intakeKey: null,
  };
}

export function aClassification(radiographId: string, pool = 'embedded'): StoredClassification {
  const maps = Buffer.from(Float32Array.from([-1.5, 0, 2.25, 8]).buffer);
  const labels = [
    { code: 'A', display: 'The first', disease: true },
    { code: 'B', display: 'The second', disease: false },
  ];
  return {
    radiographId,
    inference: { probabilities: [0.25, 0.75], maps, mapHeight: 1, mapWidth: 2, modelVersion: '1', pool },
    model: { name: 'm', version: '1', digest: null, labels, thresholds: { A: 0.5 } },
    cached: true,
  };
}

function aJobIsMissing(): never {
  throw new Error('Expected a job');
}

/** A ledger under a clock that the test moves. */
export async function underClock(place: LedgerFactory) {
  const clock = { now: 1_000_000 };
  const opened = await place(() => clock.now);
  const ledger = await opened.open();
  return {
    ...opened,
    clock,
    ledger,
    job: async (id: string) => (await ledger.jobs([id])).get(id),
    async [Symbol.asyncDispose]() {
      await ledger[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** What any ledger does with the jobs in it. */
export function ledgerJobCases(place: LedgerFactory): void {
  test('what a DICOM file says of itself is stored with its radiograph', async () => {
    await using it = await underClock(place);
    const uids = { studyInstanceUID: '2.25.1', seriesInstanceUID: null, sopInstanceUID: '2.25.3' };
    const dicom = { modality: 'DX' as const, bodyPart: null, viewPosition: 'AP' as const, ...uids };
    const radiograph: NewRadiograph = { ...aRadiograph(), format: 'DICOM', dicom };
    const { radiographId } = await it.ledger.submit(radiograph, 'alice');
    const answered = aClassification('');
    const classified = await it.ledger.submitClassified(radiograph, 'alice', 'URGENT', answered);
    for (const id of [radiographId, classified.radiographId])
      expect((await it.ledger.radiographs([id])).get(id)).toMatchObject({ format: 'DICOM', dicom });
  });

  test('a radiograph with a key is stored once, also by two that compete, until it is deleted', async () => {
    await using it = await underClock(place);
    await using other = await it.open();
    const radiograph: NewRadiograph = { ...aRadiograph('p1'), intakeKey: '["2.25.3","p1"]' };
    const jobs = await Promise.all(
      [it.ledger, other, it.ledger, other].map((one) => one.submit(radiograph, 'alice')),
    );
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
    const [job = aJobIsMissing()] = jobs;
    expect(await it.ledger.waiting()).toBe(1);
    expect(await it.ledger.auditRows(0, 9)).toHaveLength(1);
    expect((await it.ledger.radiographs([job.radiographId])).get(job.radiographId)).toMatchObject(radiograph);
    const found = await it.ledger.intakeJobs(['["2.25.3","p1"]', '["2.25.3",null]']);
    expect([...found]).toEqual([['["2.25.3","p1"]', job]]);

    const elsewhere = await it.ledger.submit({ ...radiograph, intakeKey: '["2.25.3","p2"]' }, 'alice');
    expect(elsewhere.id).not.toBe(job.id);
    await it.ledger.deleteRadiograph(job.radiographId, { actor: 'alice', worker: 'w', leaseMs: LEASE_MS });
    expect((await it.ledger.intakeJobs(['["2.25.3","p1"]'])).size).toBe(0);
    expect((await it.ledger.submit(radiograph, 'alice')).id).not.toBe(job.id);
  });

  test('a radiograph with a key that comes again classified changes nothing of the first', async () => {
    await using it = await underClock(place);
    await using other = await it.open();
    const radiograph: NewRadiograph = { ...aRadiograph(), intakeKey: 'upload:1' };
    const queued = await it.ledger.submit(radiograph, 'alice');
    const classify = (ledger: Ledger, pool: string, key = 'upload:1') =>
      ledger.submitClassified(
        { ...radiograph, intakeKey: key },
        'alice',
        'URGENT',
        aClassification('', pool),
      );
    expect(await classify(it.ledger, 'late')).toEqual(queued);
    expect((await it.ledger.classifications([queued.radiographId])).size).toBe(0);
    expect(await it.ledger.waiting()).toBe(1);

    const both = await Promise.all([classify(it.ledger, 'a', 'upload:2'), classify(other, 'b', 'upload:2')]);
    expect(both[0]).toEqual(both[1]);
    expect(both[0]).toMatchObject({ state: 'SUCCEEDED', attempts: 1 });
    const trail = (await it.ledger.auditRows(0, 9)).map(({ action }) => action);
    expect(trail).toEqual(['SUBMIT', 'SUBMIT', 'CLASSIFY']);
  });

  test('radiographs without a key are stored as often as they come', async () => {
    await using it = await underClock(place);
    const ids = [];
    for (let i = 0; i < 2; i++) ids.push((await it.ledger.submit(aRadiograph(), 'alice')).id);
    expect(new Set(ids).size).toBe(2);
  });

  test('a radiograph and its queued job are stored together', async () => {
    await using it = await underClock(place);
    const job = await it.ledger.submit(aRadiograph('p1'), 'alice');
    expect(job).toMatchObject({ state: 'QUEUED', version: 1, progress: 0, attempts: 0, error: null });
    expect(job).toMatchObject({ createdAt: 1_000_000, startedAt: null, finishedAt: null });
    expect(await it.job(job.id)).toEqual(job);
    const radiograph = (await it.ledger.radiographs([job.radiographId])).get(job.radiographId);
    expect(radiograph).toEqual({ ...aRadiograph('p1'), id: job.radiographId, createdAt: 1_000_000 });
    const found = await it.ledger.radiographJobs([job.radiographId, 'nobody']);
    expect([...found]).toEqual([[job.radiographId, job]]);
    expect(await it.ledger.waiting()).toBe(1);
  });

  test('a radiograph that is classified already is stored with its ended job and its classification', async () => {
    await using it = await underClock(place);
    const answered = aClassification('');
    const job = await it.ledger.submitClassified(aRadiograph('p1'), 'alice', 'URGENT', answered);
    const now = 1_000_000;
    expect(job).toMatchObject({ state: 'SUCCEEDED', version: 1, progress: 1, attempts: 1, error: null });
    expect(job).toMatchObject({ priority: 'URGENT', createdAt: now, startedAt: now, finishedAt: now });
    expect(await it.job(job.id)).toEqual(job);
    const { radiographId } = job;
    const radiograph = (await it.ledger.radiographs([radiographId])).get(radiographId);
    expect(radiograph).toEqual({ ...aRadiograph('p1'), id: radiographId, createdAt: now });
    const stored = (await it.ledger.classifications([radiographId])).get(radiographId);
    expect(stored).toEqual({ ...answered, radiographId });
    expect(await it.ledger.waiting()).toBe(0);
    expect(await it.ledger.take('w', LEASE_MS)).toBeUndefined();
    const trail = (await it.ledger.auditRows(0, 9)).map(({ actor, action, target }) => [
      actor,
      action,
      target,
    ]);
    expect(trail).toEqual([
      ['alice', 'SUBMIT', radiographId],
      [WORKER, 'CLASSIFY', radiographId],
    ]);
    expect(await verifyTrail(it.ledger)).toMatchObject({ whole: true });
  });

  test('the oldest job is taken first, and no more than there are', async () => {
    await using it = await underClock(place);
    const ids = [];
    for (let i = 0; i < 3; i += 1) ids.push((await it.ledger.submit(aRadiograph(), 'alice')).id);
    const taken = [];
    for (let i = 0; i < 4; i += 1) taken.push((await it.ledger.take('w', LEASE_MS))?.id);
    expect(taken).toEqual([...ids, undefined]);
    expect(await it.job(ids[0] ?? '')).toMatchObject({ state: 'RUNNING', attempts: 1, startedAt: 1_000_000 });
  });

  test('fifty takes that compete over two connections share no job', async () => {
    await using it = await underClock(place);
    await using other = await it.open();
    for (let i = 0; i < 40; i += 1) await it.ledger.submit(aRadiograph(), 'alice');
    const takes = Array.from({ length: 50 }, (_, i) =>
      (i % 2 === 0 ? it.ledger : other).take(`w${i}`, LEASE_MS),
    );
    const taken = (await Promise.all(takes)).flatMap((job) => job?.id ?? []);
    expect(taken).toHaveLength(40);
    expect(new Set(taken).size).toBe(40);
  });

  test('a job whose lease ran out is taken again, and the attempts and the death are counted', async () => {
    await using it = await underClock(place);
    const { id } = await it.ledger.submit(aRadiograph(), 'alice');
    await it.ledger.take('w1', LEASE_MS);
    it.clock.now += LEASE_MS - 1;
    expect(await it.ledger.take('w2', LEASE_MS)).toBeUndefined();
    it.clock.now += 1;
    const again = await it.ledger.take('w2', LEASE_MS);
    expect(again).toMatchObject({
      id,
      state: 'RUNNING',
      attempts: 2,
      deaths: 1,
      version: 3,
      startedAt: 1_000_000,
    });
  });

  test('a renewed lease holds; a stranger cannot renew it, nor anybody one that has ended', async () => {
    await using it = await underClock(place);
    const { id, radiographId } = await it.ledger.submit(aRadiograph(), 'alice');
    expect(await it.ledger.renew(id, 'w1', LEASE_MS)).toBe('LOST');
    await it.ledger.take('w1', LEASE_MS);
    it.clock.now += LEASE_MS - 1;
    expect(await it.ledger.renew(id, 'w2', LEASE_MS)).toBe('LOST');
    expect(await it.ledger.renew(id, 'w1', LEASE_MS)).toBe('HELD');
    it.clock.now += LEASE_MS - 1;
    expect(await it.ledger.take('w2', LEASE_MS)).toBeUndefined();
    await it.ledger.succeed(id, 'w1', aClassification(radiographId));
    expect(await it.ledger.renew(id, 'w1', LEASE_MS)).toBe('LOST');
  });

  test('success ends the job and stores what the model said', async () => {
    await using it = await underClock(place);
    const { id, radiographId } = await it.ledger.submit(aRadiograph(), 'alice');
    await it.ledger.take('w1', LEASE_MS);
    it.clock.now += 5;
    await it.ledger.succeed(id, 'w1', aClassification(radiographId));
    expect(await it.job(id)).toMatchObject({ state: 'SUCCEEDED', version: 3, progress: 1, error: null });
    expect(await it.job(id)).toMatchObject({ startedAt: 1_000_000, finishedAt: 1_000_005 });
    const stored = (await it.ledger.classifications([radiographId])).get(radiographId);
    expect(stored).toEqual(aClassification(radiographId));
    expect(await it.ledger.waiting()).toBe(0);
    expect(await it.ledger.take('w1', LEASE_MS)).toBeUndefined();
  });

  test('a worker that comes late changes nothing', async () => {
    await using it = await underClock(place);
    const { id, radiographId } = await it.ledger.submit(aRadiograph(), 'alice');
    await it.ledger.take('late', LEASE_MS);
    it.clock.now += LEASE_MS;
    await it.ledger.take('w2', LEASE_MS);
    await it.ledger.succeed(id, 'late', aClassification(radiographId, 'late'));
    await it.ledger.fail(id, 'late', { code: 'INTERNAL', message: 'late' });
    expect(await it.job(id)).toMatchObject({ state: 'RUNNING', version: 3, error: null });
    expect((await it.ledger.classifications([radiographId])).size).toBe(0);
    await it.ledger.succeed(id, 'w2', aClassification(radiographId, 'w2'));
    const ended = await it.job(id);
    await it.ledger.succeed(id, 'w2', aClassification(radiographId, 'twice'));
    await it.ledger.fail(id, 'late', { code: 'INTERNAL', message: 'late' }, 10);
    expect(await it.job(id)).toEqual(ended);
    const stored = (await it.ledger.classifications([radiographId])).get(radiographId);
    expect(stored?.inference.pool).toBe('w2');
  });

  test('failure without a retry is final', async () => {
    await using it = await underClock(place);
    const { id } = await it.ledger.submit(aRadiograph(), 'alice');
    await it.ledger.take('w1', LEASE_MS);
    await it.ledger.fail(id, 'w1', { code: 'UNSUPPORTED_IMAGE', message: 'torn' });
    expect(await it.job(id)).toMatchObject({
      ...{ state: 'FAILED', version: 3, progress: 1, attempts: 1, finishedAt: 1_000_000 },
      error: { code: 'UNSUPPORTED_IMAGE', message: 'torn' },
    });
    it.clock.now += 1_000 * LEASE_MS;
    expect(await it.ledger.take('w1', LEASE_MS)).toBeUndefined();
    expect(await it.ledger.waiting()).toBe(0);
  });

  test('failure with a retry queues the job again, and no worker takes it before its time', async () => {
    await using it = await underClock(place);
    const { id, radiographId } = await it.ledger.submit(aRadiograph(), 'alice');
    await it.ledger.take('w1', LEASE_MS);
    await it.ledger.fail(id, 'w1', { code: 'MODEL_UNAVAILABLE', message: 'away' }, 500.4);
    const queued = { state: 'QUEUED', version: 3, progress: 0, attempts: 1, finishedAt: null };
    expect(await it.job(id)).toMatchObject({ ...queued, error: { code: 'MODEL_UNAVAILABLE' } });
    expect(await it.ledger.waiting()).toBe(1);
    it.clock.now += 499;
    expect(await it.ledger.take('w1', LEASE_MS)).toBeUndefined();
    it.clock.now += 1;
    expect(await it.ledger.take('w1', LEASE_MS)).toMatchObject({ id, attempts: 2, deaths: 0, version: 4 });
    await it.ledger.fail(id, 'w1', { code: 'INTERNAL', message: 'broken' }, 0);
    expect(await it.ledger.take('w1', LEASE_MS)).toMatchObject({ attempts: 3, deaths: 0, faults: 1 });
    await it.ledger.succeed(id, 'w1', aClassification(radiographId));
    expect(await it.job(id)).toMatchObject({ state: 'SUCCEEDED', error: null, version: 7 });
  });

  test('a job that waits for its retry lets a younger one pass', async () => {
    await using it = await underClock(place);
    const old = await it.ledger.submit(aRadiograph(), 'alice');
    await it.ledger.take('w1', LEASE_MS);
    await it.ledger.fail(old.id, 'w1', { code: 'OVERLOADED', message: 'busy' }, 500);
    const young = await it.ledger.submit(aRadiograph(), 'alice');
    expect(await it.ledger.take('w1', LEASE_MS)).toMatchObject({ id: young.id });
  });
}
