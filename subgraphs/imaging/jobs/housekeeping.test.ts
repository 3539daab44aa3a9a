import { mkdtempDisposable, readdir, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Counter, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { openFolderBlobStore } from '#common/folder-blob-store.ts';
import { openKeys } from '#common/keys.ts';
import { jobBell } from '../domain/job-changes.ts';
import { aRadiograph } from '../stores/ledger-cases.ts';
import { openSqliteLedger } from '../stores/sqlite-ledger.ts';
import { blobRemovals } from './blob-removals.ts';
import { createDeletion } from './deletion.ts';
import { expire, removeOrphans } from './housekeeping.ts';

const HOUR_MS = 60 * 60_000;
const GRACE = { orphanGraceMs: HOUR_MS };

/** One data folder with the hands of as many processes as a test opens. */
async function aSystem() {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await mkdtempDisposable(join(tmpdir(), 'housekeeping-')));
  const forgotten: string[] = [];
  const clock = { ahead: 0 };
  const cache = { isAway: false };
  const open = async () => {
    const ledger = stack.use(openSqliteLedger(folder.path, () => Date.now() + clock.ahead));
    const blobs = await openFolderBlobStore(folder.path, await openKeys(folder.path));
    const removed = new Counter({
      name: 'r',
      help: 'r',
      labelNames: ['reason'],
      registers: [new Registry()],
    });
    const forget = async (address: string) => {
      if (cache.isAway) throw new Error('the cache is away');
      forgotten.push(address);
    };
    const removals = blobRemovals({ ledger, blobs, forget, removed, logger: pino({ level: 'silent' }) });
    return {
      ...{ ledger, blobs, removals, forgotten },
      deleteRadiograph: createDeletion({ ledger, removals, bell: jobBell() }),
    };
  };
  const system = await open();
  const { blobs, ledger } = system;
  return {
    ...system,
    clock,
    cache,
    open,
    /** A blob that was stored so long ago. */
    async stored(text: string, hours: number, drawnFrom?: string) {
      const { address } = await blobs.put([Buffer.from(text)], drawnFrom);
      await this.age(address, hours);
      return address;
    },
    async age(address: string, hours: number) {
      const at = Date.now() / 1_000 - hours * 3_600;
      await utimes(join(folder.path, 'blobs', address.slice(0, 2), address), at, at);
    },
    submit: (original: string, rendering: string) => {
      const radiograph = aRadiograph('p1');
      const named = { originalAddress: original, rendering: { ...radiograph.rendering, address: rendering } };
      return ledger.submit({ ...radiograph, ...named }, 'alice');
    },
    there: async (...addresses: string[]) => {
      const found = await Promise.all(addresses.map((address) => blobs.storedAt(address)));
      return found.map((at) => at !== undefined);
    },
    incoming: () => readdir(join(folder.path, 'blobs/incoming')),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test('only what nobody names and what is older than the grace period is removed', async () => {
  await using it = await aSystem();
  const original = await it.stored('original', 48);
  const rendering = await it.stored('rendering', 48);
  await it.submit(original, rendering);
  const orphan = await it.stored('refused', 2);
  const young = await it.stored('just uploaded', 0.9);
  const oldHeatmap = await it.stored('heatmap', 2, rendering);
  const youngHeatmap = await it.stored('another heatmap', 0.5, rendering);
  const lostHeatmap = await it.stored('a heatmap of nothing', 2, 'ab'.repeat(32));
  await removeOrphans({ ...it, ...GRACE });
  const all = [original, rendering, orphan, young, oldHeatmap, youngHeatmap, lostHeatmap];
  expect(await it.there(...all)).toEqual([true, true, false, true, false, true, false]);
  expect(it.forgotten).toEqual([orphan]);
  expect(await it.ledger.takeRemovals('w', 1_000, 10)).toEqual([]);
});

test('an orphan that is uploaded again before it is removed stays', async () => {
  await using it = await aSystem();
  const orphan = await it.stored('an image', 2);
  await it.ledger.condemn([orphan], Date.now() - HOUR_MS);
  await it.blobs.put([Buffer.from('an image')]);
  await it.removals.sweep();
  expect(await it.there(orphan)).toEqual([true]);
  expect(await it.submit(orphan, 'r'.repeat(64))).toMatchObject({ state: 'QUEUED' });
});

test('several processes that sweep at once, while radiographs come in, remove every orphan and nothing else', async () => {
  await using it = await aSystem();
  const others = await Promise.all([it.open(), it.open(), it.open()]);
  const orphans = [];
  for (let i = 0; i < 60; i += 1) orphans.push(await it.stored(`orphan ${i}`, 2));
  const kept: string[] = [];
  const arrivals = async () => {
    for (let i = 0; i < 20; i += 1) {
      const { address } = await it.blobs.put([Buffer.from(`upload ${i}`)]);
      await it.submit(address, address);
      await it.age(address, 2);
      kept.push(address);
    }
  };
  await Promise.all([arrivals(), ...others.map((other) => removeOrphans({ ...other, ...GRACE }))]);
  expect((await it.there(...orphans)).filter(Boolean)).toEqual([]);
  expect(await it.there(...kept)).toEqual(kept.map(() => true));
});

test('what has reached its age is deleted like by hand, in the name of retention', async () => {
  await using it = await aSystem();
  const [original, rendering] = [await it.stored('original', 0), await it.stored('rendering', 0)];
  const heatmap = await it.stored('heatmap', 0, rendering);
  const { id, radiographId } = await it.submit(original, rendering);
  const in30Days = Date.now() + 30 * 24 * HOUR_MS;
  await expire({ ...it, retentionMs: undefined }, in30Days);
  await expire({ ...it, retentionMs: 31 * 24 * HOUR_MS }, in30Days);
  expect((await it.ledger.radiographs([radiographId])).size).toBe(1);
  const other = await it.open();
  await Promise.all([
    expire({ ...it, retentionMs: 29 * 24 * HOUR_MS }, in30Days),
    expire({ ...other, retentionMs: 29 * 24 * HOUR_MS }, in30Days),
  ]);
  expect((await it.ledger.radiographs([radiographId])).size).toBe(0);
  expect(await it.there(original, rendering, heatmap)).toEqual([false, false, false]);
  expect((await it.ledger.jobs([id])).get(id)?.state).toBe('CANCELLED');
  const deletions = (await it.ledger.auditRows(0, 10)).filter(({ action }) => action === 'DELETE');
  expect(deletions).toMatchObject([{ actor: 'retention', target: radiographId }]);
});

test('who stops it while there is much to delete waits for one deletion, and the rest is deleted later', async () => {
  await using it = await aSystem();
  for (const name of ['1', '2', '3']) {
    const address = await it.stored(name, 2);
    await it.submit(address, address);
  }
  const in30Days = Date.now() + 30 * 24 * HOUR_MS;
  const stop = new AbortController();
  const due = { ...it, retentionMs: 29 * 24 * HOUR_MS };
  const deleteRadiograph: typeof it.deleteRadiograph = (id, actor) => {
    stop.abort();
    return it.deleteRadiograph(id, actor);
  };
  const left = async () => (await it.ledger.page({ first: 5 })).items.length;
  await expire({ ...due, deleteRadiograph, stopping: stop.signal }, in30Days);
  expect(await left()).toBe(2);
  const orphan = await it.stored('orphan', 2);
  await removeOrphans({ ...it, ...GRACE, stopping: stop.signal });
  await it.ledger.condemn([orphan], Date.now());
  await it.removals.sweep(stop.signal);
  expect(await it.there(orphan)).toEqual([true]);
  await expire(due, in30Days);
  expect(await left()).toBe(0);
});

test('while the cache is away an image is deleted and sent again; what was inferred is forgotten later', async () => {
  await using it = await aSystem();
  const [original, rendering] = [await it.stored('original', 0), await it.stored('rendering', 0)];
  const { radiographId } = await it.submit(original, rendering);
  it.cache.isAway = true;
  await it.deleteRadiograph(radiographId, 'alice');
  expect(await it.there(original, rendering)).toEqual([false, false]);
  expect(await it.submit(original, rendering)).toMatchObject({ state: 'QUEUED' });
  await it.blobs.put([Buffer.from('original')]);
  await it.removals.sweep();
  expect(it.forgotten).toEqual([]);
  it.cache.isAway = false;
  await it.removals.sweep();
  expect(it.forgotten.toSorted()).toEqual([original, rendering].toSorted());
  expect(await it.there(original)).toEqual([true]);
  await it.removals.sweep();
  expect(it.forgotten).toHaveLength(2);
});

test('a blob that cannot be removed now is removed when its lease has run out', async () => {
  await using it = await aSystem();
  const [original, rendering] = [await it.stored('original', 0), await it.stored('rendering', 0)];
  const { radiographId } = await it.submit(original, rendering);
  const away = { ...it.blobs, delete: () => Promise.reject(new Error('the disk is away')) };
  const removed = new Counter({ name: 'r', help: 'r', labelNames: ['reason'], registers: [new Registry()] });
  const forget = async () => undefined;
  const { ledger } = it;
  const failing = blobRemovals({
    ...{ ledger, forget, removed },
    blobs: away,
    logger: pino({ level: 'silent' }),
  });
  await createDeletion({ ledger, removals: failing, bell: jobBell() })(radiographId, 'alice');
  expect(await it.there(original, rendering)).toEqual([true, true]);
  await it.removals.sweep();
  expect(await it.there(original, rendering)).toEqual([true, true]);
  it.clock.ahead = failing.leaseMs;
  await it.removals.sweep();
  expect(await it.there(original, rendering)).toEqual([false, false]);
});
