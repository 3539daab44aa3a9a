import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Counter, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { openFolderBlobStore } from '#common/folder-blob-store.ts';
import { openKeys } from '#common/keys.ts';
import { linesUntilKilled } from '#common/testing/killed-process.ts';
import { aRadiograph } from '../stores/ledger-cases.ts';
import { openSqliteLedger } from '../stores/sqlite-ledger.ts';
import { blobRemovals } from './blob-removals.ts';

const RADIOGRAPHS = 120;
const moduleAt = (path: string) => JSON.stringify(join(import.meta.dirname, path));

/** Deletes the radiographs that it is given, one after the other, and tells each. */
const program = (dataDir: string, ids: readonly string[]) => `
  const dataDir = ${JSON.stringify(dataDir)};
  const { openSqliteLedger } = await import(${moduleAt('../stores/sqlite-ledger.ts')});
  const { openFolderBlobStore } = await import(${moduleAt('../../common/folder-blob-store.ts')});
  const { openKeys } = await import(${moduleAt('../../common/keys.ts')});
  const { blobRemovals } = await import(${moduleAt('blob-removals.ts')});
  const { createDeletion } = await import(${moduleAt('deletion.ts')});
  const ledger = openSqliteLedger(dataDir);
  const blobs = await openFolderBlobStore(dataDir, await openKeys(dataDir));
  const logger = { error: console.error };
  const removals = blobRemovals({ ledger, blobs, forget: async () => {}, removed: { inc() {} }, logger });
  const remove = createDeletion({ ledger, removals, bell: { ring() {} } });
  for (const id of ${JSON.stringify(ids)}) {
    await remove(id, 'alice');
    process.stdout.write(id + '\\n');
  }`;

test('whenever a deleting process is killed, no blob outlives its radiograph, and no radiograph its blobs', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'killed-deletion-'));
  const dataDir = folder.path;
  const clock = { ahead: 0 };
  await using ledger = openSqliteLedger(dataDir, () => Date.now() + clock.ahead);
  const blobs = await openFolderBlobStore(dataDir, await openKeys(dataDir));
  const stored = async (text: string, drawnFrom?: string) =>
    (await blobs.put([Buffer.from(text)], drawnFrom)).address;
  const owned = new Map<string, string[]>();
  for (let i = 0; i < RADIOGRAPHS; i += 1) {
    // Every third shares its original with the one before.
    const original = await stored(`original ${i % 3 === 2 ? i - 1 : i}`);
    const address = await stored(`rendering ${i}`);
    const heatmap = await stored(`heatmap ${i}`, address);
    const radiograph = aRadiograph();
    const named = { originalAddress: original, rendering: { ...radiograph.rendering, address } };
    const { radiographId } = await ledger.submit({ ...radiograph, ...named }, 'alice');
    owned.set(radiographId, [original, address, heatmap]);
  }
  const removals = blobRemovals({
    ...{ ledger, blobs, forget: async () => undefined },
    removed: new Counter({ name: 'r', help: 'r', labelNames: ['reason'], registers: [new Registry()] }),
    logger: pino({ level: 'silent' }),
  });
  const all = [...owned.keys()];
  let told = 0;
  for (let round = 0; round < 5; round += 1) {
    told += (await linesUntilKilled(program(dataDir, all), 3 + round * 4)).length;
    // The lease of the dead process runs out.
    clock.ahead += removals.leaseMs;
    await removals.sweep();
    const left = await ledger.radiographs(all);
    expect(left.size).toBeLessThan(RADIOGRAPHS - 3 * round);
    const expected = new Set([...left.keys()].flatMap((id) => owned.get(id) ?? []));
    const found = new Set<string>();
    for await (const { address } of blobs.list()) found.add(address);
    expect(found).toEqual(expected);
  }
  const deletions = (await ledger.auditRows(0, 1_000)).filter(({ action }) => action === 'DELETE');
  expect(deletions.length).toBe(RADIOGRAPHS - (await ledger.radiographs(all)).size);
  expect(told).toBeGreaterThan(0);
});
