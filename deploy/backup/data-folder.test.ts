import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '#common/sqlite.ts';
import { backUp, type Places } from './backup.ts';
import { readManifest, writeManifest } from './manifest.ts';
import { restore } from './restore.ts';
import { aDataFolder, filesIn, radiographsIn } from './testing/a-data-folder.ts';

test('a copy of a database beside the databases is left out, and the backup can be restored', async () => {
  await using data = await aDataFolder();
  await data.add(2);
  for (const name of ['imaging-before.sqlite', 'broken.sqlite'])
    writeFileSync(join(data.places.dataDir, name), 'a copy that somebody made by hand');
  await backUp(data.places);
  await restore(data.restored);
  expect(await radiographsIn(data.restored.dataDir)).toEqual(data.contents);
  expect(filesIn(data.restored.dataDir).filter((name) => name.endsWith('.sqlite'))).toEqual([
    'imaging.sqlite',
  ]);
});

test('a manifest that could not be read again does not take the place of the one before', async () => {
  await using data = await aDataFolder();
  await data.add(1);
  await backUp(data.places);
  const before = await readManifest(data.places.backup);
  const files = { ...before.files, 'icu-before.sqlite': '0'.repeat(64) };
  await expect(writeManifest(data.places.backup, { ...before, files })).rejects.toThrow();
  expect(await readManifest(data.places.backup)).toEqual(before);
});

test('a data folder that is empty, mistyped or in part elsewhere leaves the backup before as it is', async () => {
  await using data = await aDataFolder();
  await data.add(3);
  openDatabase(join(data.places.dataDir, 'icu.sqlite')).close();
  await backUp(data.places);
  const contents = () =>
    filesIn(data.places.backup)
      .sort()
      .map((name) => [name, readFileSync(join(data.places.backup, name), 'base64')]);
  const before = contents();
  const refuses = async (places: Partial<Places>, message: string) => {
    await expect(backUp({ ...data.places, ...places })).rejects.toThrow(message);
    expect(contents()).toEqual(before);
  };
  const empty = join(data.root, 'not-mounted');
  mkdirSync(empty);
  await refuses({ dataDir: empty }, `got none in ${empty} (is it mounted?)`);
  await refuses({ dataDir: join(data.root, 'mistyped') }, 'got none in');
  await refuses({ keysDir: empty }, `got no master.key in ${empty}`);
  renameSync(join(data.places.dataDir, 'icu.sqlite'), join(data.root, 'icu.sqlite'));
  await refuses({}, 'Expected icu.sqlite in');
  const first = join(data.root, 'first');
  await expect(backUp({ ...data.places, dataDir: empty, backup: first })).rejects.toThrow('got none in');
  expect(existsSync(first)).toBe(false);
  expect(await backUp({ ...data.places, backup: first })).toMatchObject({ images: 3 });
});
