import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '#common/sqlite.ts';
import { program } from '#common/testing/programs.ts';
import { backUp } from './backup.ts';
import { readManifest, writeManifest } from './manifest.ts';
import { restore } from './restore.ts';
import { aDataFolder, filesIn, radiographsIn } from './testing/a-data-folder.ts';
import { killAt } from './testing/killed-run.ts';

const bubblewrap = program('bwrap');
if (!bubblewrap) console.warn('SKIPPED: a restore into a mount point, since there is no bwrap');

/** A backup of two databases and some images. */
async function aBackup(count: number) {
  const data = await aDataFolder();
  openDatabase(join(data.places.dataDir, 'icu.sqlite')).close();
  await data.add(count);
  await backUp(data.places);
  return data;
}

const topOf = (folder: string) => readdirSync(folder).sort();
const WHOLE = ['blobs', 'icu.sqlite', 'imaging.sqlite', 'keys'];

test.runIf(bubblewrap)('a data folder may be a mount point', async () => {
  await using data = await aBackup(3);
  const [disk, mounted] = [join(data.root, 'disk'), data.restored.dataDir];
  for (const folder of [disk, mounted, join(disk, 'lost+found')]) mkdirSync(folder);
  const { backup, backupOfKeys } = data.places;
  const command = ['restore', '--from', backup, '--keys-from', backupOfKeys];
  execFileSync(
    bubblewrap ?? '',
    [
      ...['--dev-bind', '/', '/', '--bind', disk, mounted, '--die-with-parent', '--'],
      ...[process.execPath, join(import.meta.dirname, 'main.ts'), ...command],
    ],
    { env: { ...process.env, NODE_ENV: '', DATA_DIR: mounted } },
  );
  expect(topOf(disk)).toEqual([...WHOLE, 'lost+found']);
  expect(await radiographsIn(disk)).toEqual(data.contents);
});

test('the keys may lie in the data folder', async () => {
  await using data = await aBackup(3);
  const places = { ...data.restored, keysDir: join(data.restored.dataDir, 'keys') };
  // A folder made beforehand, as the mount of a secret is.
  mkdirSync(places.keysDir, { recursive: true });
  await restore(places);
  expect(topOf(places.dataDir)).toEqual(WHOLE);
  expect(await radiographsIn(places.dataDir)).toEqual(data.contents);
  await expect(restore(places)).rejects.toThrow('Expected an empty data folder');
});

test('a restore that is killed goes on when it is done again', { timeout: 60_000 }, async () => {
  await using data = await aBackup(60);
  const { dataDir } = data.restored;
  const building = join(dataDir, '.restoring');
  const moments: [string, () => boolean][] = [
    ['at its beginning', () => existsSync(building)],
    ['after some images', () => filesIn(join(building, 'blobs')).length > 20],
    ['at the keys', () => existsSync(join(building, 'keys'))],
    ['when all is built', () => existsSync(join(dataDir, 'backup.json'))],
    ['after the first move', () => existsSync(join(dataDir, 'blobs'))],
    ['after a database', () => existsSync(join(dataDir, 'icu.sqlite'))],
  ];
  for (const [moment, isMoment] of moments) {
    await killAt('restore', data.restored, isMoment);
    // On a busy machine a late kill may find it done.
    if (topOf(dataDir).join() !== WHOLE.join()) await restore(data.restored);
    expect(topOf(dataDir), moment).toEqual(WHOLE);
    expect(await radiographsIn(dataDir), moment).toEqual(data.contents);
    rmSync(dataDir, { recursive: true });
  }
});

test('what was moved in part is ended by the same backup alone, and nothing is written over', async () => {
  await using data = await aBackup(3);
  const { dataDir } = data.restored;
  const manifest = await readManifest(data.places.backup);
  await restore(data.restored);
  // As a kill before the last move leaves it.
  const [place, built] = [join(dataDir, 'imaging.sqlite'), join(dataDir, '.restoring/imaging.sqlite')];
  mkdirSync(join(dataDir, '.restoring'));
  renameSync(place, built);
  await writeManifest(dataDir, manifest);

  const another = { ...data.places, backup: join(data.root, 'another') };
  await backUp(another);
  await expect(restore({ ...data.restored, backup: another.backup })).rejects.toThrow(
    `Expected the backup of ${manifest.startedAt}, whose restore was interrupted here`,
  );
  writeFileSync(place, 'of a service that was started meanwhile');
  await expect(restore(data.restored)).rejects.toThrow('Expected that nothing came into the data folder');
  rmSync(place);
  expect(await restore(data.restored)).toEqual({ startedAt: manifest.startedAt, images: 3 });
  expect(topOf(dataDir)).toEqual(WHOLE);
  expect(await radiographsIn(dataDir)).toEqual(data.contents);
});
