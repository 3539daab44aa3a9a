import type { Ledger } from '../../../subgraphs/imaging/domain/ledger.ts';
import type { StoredRadiograph } from '../../../subgraphs/imaging/domain/radiograph.ts';
import { startSystem } from '../system.ts';
import type { Hospital } from './hospital.ts';
import { type Reading, readWhole, send } from './hospital-client.ts';
import { none, type Target } from './target.ts';

/** What a calm system says of an image. */
export type Expected = {
  readonly findings: ReadonlyMap<string, number>;
  readonly peak: { x: number; y: number };
};

export type Verdict = {
  /** Acknowledged jobs that are not there, or did not end SUCCEEDED. */
  readonly lost: number;
  /** Radiographs with more than one acknowledgement, submission or classification in the trail. */
  readonly doubled: number;
  /** Jobs whose result or heatmap is not that of a calm run, or that have no result or no row in the trail. */
  readonly wrong: number;
  /** Radiographs beyond those that were acknowledged: images that were stored again when they were sent again. */
  readonly storedAgain: number;
  /** What `npm run audit:verify` said. */
  readonly audit: string;
  readonly isAuditWhole: boolean;
  /** What was found, in words. */
  readonly faults: readonly string[];
};

const AT_ONCE = 4;
const READ_MS = 60_000;
/** Batches of other sizes add up in another order. */
const TOLERANCE = 1e-5;
const PAGE = 500;

/** Asks a system that nobody disturbs. */
export async function calmResults(images: readonly Buffer[]): Promise<Expected[]> {
  await using system = await startSystem();
  return await inParallel(images, async (image) => {
    const sent = await send(system.url, image);
    if (!sent.answer) throw new Error(`A calm system refused an image: ${sent.refusal}`);
    const reading = await readWhole([system.url], sent.answer, Date.now() + READ_MS);
    const expected = expectedOf(reading);
    if (!expected) throw new Error(`A calm system left a job in the state ${reading.state}`);
    return expected;
  });
}

/** How far apart the two most alike of the results are: what a mistake would at least be seen by. */
export function leastDistance(results: readonly Expected[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const [i, one] of results.entries())
    for (const other of results.slice(i + 1)) least = Math.min(least, distance(one.findings, other.findings));
  return least;
}

/** Judges what is stored after a round, and what the gateways say of it. */
export async function judge(
  hospital: Hospital,
  acknowledged: ReadonlyMap<string, number>,
  expected: readonly Expected[],
): Promise<Verdict> {
  await using ledger = await hospital.ledger();
  const urls = hospital.gateways.map(({ url }) => url);
  const faults: string[] = [];
  let lost = 0;
  let wrong = 0;
  const jobs = await ledger.jobs([...acknowledged.keys()]);
  const expectedAt = new Map<string, Expected>();
  const radiographs = await allRadiographs(ledger);
  await inParallel([...acknowledged], async ([id, image]) => {
    const job = jobs.get(id);
    if (job?.state !== 'SUCCEEDED') {
      lost += 1;
      faults.push(
        `job ${id} is ${job ? `${job.state} ${job.error?.code} after ${job.attempts}` : 'not there'}`,
      );
      return;
    }
    const wanted = expected[image];
    const address = radiographs.get(job.radiographId)?.originalAddress;
    if (wanted && address) expectedAt.set(address, wanted);
    const reading = await readWhole(urls, id, Date.now() + READ_MS);
    if (wanted && isAsExpected(expectedOf(reading), wanted)) return;
    wrong += 1;
    faults.push(`job ${id} reads ${JSON.stringify(reading)}`);
  });

  const trail = await wholeTrail(ledger);
  const doubled: string[] = [];
  const acknowledgedRadiographs = [...jobs.values()].map(({ radiographId }) => radiographId);
  const rows = {
    acknowledgement: acknowledgedRadiographs,
    submission: trail.filter(({ action }) => action === 'SUBMIT').map(({ target }) => target),
    classification: trail.filter(({ action }) => action === 'CLASSIFY').map(({ target }) => target),
  };
  for (const [what, targets] of Object.entries(rows)) {
    const counts = Map.groupBy(targets, (target) => target);
    for (const [target, { length }] of counts)
      if (length > 1) doubled.push(`${length} × ${what} of ${target}`);
  }
  const submitted = new Set(rows.submission);
  const classified = new Set(rows.classification);
  const results = await ledger.classifications([...radiographs.keys()]);
  for (const [id, { originalAddress }] of radiographs) {
    const wanted = expectedAt.get(originalAddress);
    const inference = results.get(id)?.inference;
    const labels = results.get(id)?.model.labels ?? [];
    const findings = new Map(labels.map(({ code }, i) => [code, inference?.probabilities[i] ?? Number.NaN]));
    if (submitted.has(id) && classified.has(id) && wanted && distance(findings, wanted.findings) < TOLERANCE)
      continue;
    wrong += 1;
    faults.push(`radiograph ${id}: ${submitted.has(id) ? '' : 'not '}submitted, ${classified.has(id) ? '' : 'not '}classified,
      ${JSON.stringify([...findings])} for ${JSON.stringify([...(wanted?.findings ?? [])])}`);
  }
  const audit = await hospital.verifyAudit();
  return {
    ...{ lost, wrong, doubled: doubled.length },
    storedAgain: radiographs.size - new Set(acknowledgedRadiographs).size,
    audit: audit.said,
    isAuditWhole: audit.code === 0,
    faults: [...faults, ...doubled],
  };
}

export function verdictTargets({ lost, storedAgain, doubled, wrong, isAuditWhole }: Verdict): Target[] {
  return [
    none('acknowledged jobs lost', lost),
    none('images stored again', storedAgain),
    none('effects doubled', doubled),
    none('results wrong', wrong),
    { what: 'audit trail', wanted: 'whole', got: isAuditWhole ? 'whole' : 'broken', reached: isAuditWhole },
  ];
}

async function allRadiographs(ledger: Ledger): Promise<Map<string, StoredRadiograph>> {
  const all = new Map<string, StoredRadiograph>();
  let after: number | undefined;
  for (;;) {
    const { items, hasMore } = await ledger.page({ first: PAGE, ...(after !== undefined && { after }) });
    for (const { radiograph, position } of items) {
      all.set(radiograph.id, radiograph);
      after = position;
    }
    if (!hasMore) return all;
  }
}

async function wholeTrail(ledger: Ledger) {
  const rows = [];
  for (;;) {
    const more = await ledger.auditRows(rows.at(-1)?.sequence ?? 0, PAGE);
    if (more.length === 0) return rows;
    rows.push(...more);
  }
}

function expectedOf({ radiograph }: Reading): Expected | undefined {
  const { classification, heatmap } = radiograph ?? {};
  if (!classification || !heatmap) return undefined;
  const findings = new Map(classification.findings.map(({ code, probability }) => [code, probability]));
  return { findings, peak: heatmap.peak };
}

function isAsExpected(got: Expected | undefined, wanted: Expected): boolean {
  if (!got || distance(got.findings, wanted.findings) >= TOLERANCE) return false;
  return got.peak.x === wanted.peak.x && got.peak.y === wanted.peak.y;
}

/** The largest difference of two probabilities; infinite when their labels differ. */
function distance(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number {
  if (one.size !== other.size || one.size === 0) return Number.POSITIVE_INFINITY;
  return Math.max(
    ...[...one].map(([code, p]) => Math.abs(p - (other.get(code) ?? Number.POSITIVE_INFINITY))),
  );
}

/** Does the same with each thing, a few at once. */
async function inParallel<T, R>(things: readonly T[], work: (thing: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const hand = async () => {
    for (let index = next++; index < things.length; index = next++)
      results[index] = await work(things[index] as T);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
  return results;
}
