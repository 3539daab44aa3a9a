import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { keyIdOf } from '#common/blob-envelope.ts';
import { addBlobKey } from '#common/key-ring.ts';
import { keysFolder } from '#common/keys.ts';
import { backUp } from './backup.ts';
import { restore } from './restore.ts';
import { aDataFolder, filesIn, radiographsIn } from './testing/a-data-folder.ts';
import { killAt } from './testing/killed-run.ts';

test('what was backed up is restored, later changes are added, and what was deleted goes', async () => {
  await using data = await aDataFolder();
  await data.add(20);
  const [first = ''] = data.contents.keys();
  const { address: drawn } = await data.blobs.put([randomBytes(100)], first);
  expect(await backUp(data.places)).toEqual({ images: 20, copied: 20, unreadable: [] });
  await addBlobKey(keysFolder(data.places.dataDir), Date.now());
  await data.add(5);
  await data.blobs.delete(first);
  data.db.prepare('DELETE FROM radiographs WHERE address = ?').run(first);
  data.contents.delete(first);
  const [second = ''] = data.contents.keys();
  await data.blobs.reseal(second);
  // Five new ones, and one that lies under another key now.
  expect(await backUp(data.places)).toEqual({ images: 24, copied: 6, unreadable: [] });
  expect(await restore(data.restored)).toMatchObject({ images: 24 });
  expect(await radiographsIn(data.restored.dataDir)).toEqual(data.contents);
  const restored = readdirSync(data.restored.dataDir, { recursive: true }).map(String);
  expect(restored.filter((name) => name.includes(first) || name.includes(drawn))).toEqual([]);
});

// What is stored meanwhile takes its turns with the backup: on a busy machine both are slow.
test('what is stored while a backup runs is in it as far as its database names it', {
  timeout: 60_000,
}, async () => {
  await using data = await aDataFolder();
  await data.add(200);
  let ended = false;
  const running = backUp(data.places).finally(() => {
    ended = true;
  });
  while (!ended) await data.add(1);
  await running;
  await restore(data.restored);
  const found = await radiographsIn(data.restored.dataDir);
  expect(found.size).toBeGreaterThanOrEqual(200);
  for (const [address, bytes] of found)
    expect(bytes?.equals(data.contents.get(address) as Buffer)).toBe(true);
});

const imagesOf = (folder: string) =>
  filesIn(join(folder, 'blobs')).filter((name) => /^..\/[0-9a-f]{64}$/.test(name));

test('a first backup that is killed again and again is not taken for a whole one, and ends as one', {
  timeout: 60_000,
}, async () => {
  await using data = await aDataFolder();
  await data.add(200);
  const { backup: to } = data.places;
  for (const count of [0, 1, 80]) {
    await killAt('backUp', data.places, () => existsSync(to) && imagesOf(to).length >= count);
    await expect(restore(data.restored)).rejects.toThrow('Expected a whole backup');
  }
  expect(await backUp(data.places)).toMatchObject({ images: 200, unreadable: [] });
  await restore(data.restored);
  expect(await radiographsIn(data.restored.dataDir)).toEqual(data.contents);
});

test('while a backup is killed again and again the one before stays whole, and the next run ends it', {
  timeout: 120_000,
}, async () => {
  await using data = await aDataFolder();
  const { backup: to, backupOfKeys } = data.places;
  const restored = async () => {
    await restore(data.restored);
    const found = await radiographsIn(data.restored.dataDir);
    rmSync(data.restored.dataDir, { recursive: true });
    return found;
  };
  await data.add(40);
  await backUp(data.places);
  const before = new Map(data.contents);
  // Of the old ones some go, and the rest are encrypted under a key that the earlier backup does not have.
  const [gone = '', ...stay] = before.keys();
  await data.blobs.delete(gone);
  data.db.prepare('DELETE FROM radiographs WHERE address = ?').run(gone);
  data.contents.delete(gone);
  await addBlobKey(keysFolder(data.places.dataDir), Date.now());
  for (const address of stay) await data.blobs.reseal(address);
  await data.add(120);
  const manifest = () => readFileSync(join(to, 'backup.json'), 'utf8');
  const whole = manifest();
  const key = readdirSync(keysFolder(data.places.dataDir)).find((name) => name.startsWith('blob-')) ?? '';
  const isUnder = (address: string) =>
    keyIdOf(readFileSync(join(to, 'blobs', address.slice(0, 2), address))) === key.slice(19, 35);
  const moments: [string, () => boolean][] = [
    ['at the databases', () => existsSync(join(to, 'state-2'))],
    ...[1, 60, 119].map((count): [string, () => boolean] => [
      `after ${count} new images`,
      () => imagesOf(to).length >= before.size + count,
    ]),
    ['at the keys', () => existsSync(join(backupOfKeys, key))],
    ...[1, 30].map((count): [string, () => boolean] => [
      `after ${count} images under the new key`,
      () => stay.filter(isUnder).length >= count,
    ]),
    ['at the list of images', () => existsSync(join(to, 'state-2/images'))],
  ];
  let early = 0;
  for (const [moment, isMoment] of moments) {
    await killAt('backUp', data.places, isMoment);
    // On a busy machine a late kill may find the new one whole.
    const isEarly = manifest() === whole;
    if (isEarly) early += 1;
    expect(await restored(), moment).toEqual(isEarly ? before : data.contents);
  }
  expect(early).toBeGreaterThan(moments.length / 2);
  // From here on the new one is whole, though not yet tidied up.
  await killAt('backUp', data.places, () => manifest() !== whole);
  expect(await restored()).toEqual(data.contents);

  const { images, unreadable } = await backUp(data.places);
  expect([images, unreadable]).toEqual([data.contents.size, []]);
  expect(await restored()).toEqual(data.contents);
  const files = [...data.contents.keys()].map((address) => `blobs/${address.slice(0, 2)}/${address}`);
  expect(filesIn(to).sort()).toEqual(
    [...['backup.json', 'radiograph.backup', 'state-1/images', 'state-1/imaging.sqlite', ...files]].sort(),
  );
});

test('the keys of other images are not written over', async () => {
  await using data = await aDataFolder();
  await using other = await aDataFolder();
  await data.add(1);
  await backUp(data.places);
  const keys = () =>
    filesIn(data.places.backupOfKeys).map((name) => readFileSync(join(data.places.backupOfKeys, name)));
  const before = keys();
  await expect(backUp({ ...other.places, backupOfKeys: data.places.backupOfKeys })).rejects.toThrow(
    'Expected another folder for the keys',
  );
  expect(keys()).toEqual(before);
});

test('a damaged image is named by the backup, and refused by the restore', async () => {
  await using data = await aDataFolder();
  await data.add(3);
  const [address = ''] = data.contents.keys();
  appendFileSync(join(data.places.dataDir, 'blobs', address.slice(0, 2), address), 'x');
  expect(await backUp(data.places)).toEqual({ images: 3, copied: 3, unreadable: [address] });
  await expect(restore(data.restored)).rejects.toThrow(
    '1 of 3 images are damaged, or these are not their keys',
  );
  expect(existsSync(data.restored.dataDir)).toBe(false);
});

test('a restore refuses what is not whole, and what it would write over', async () => {
  await using data = await aDataFolder();
  await using other = await aDataFolder();
  await data.add(2);
  await other.add(2);
  await backUp(data.places);
  await backUp(other.places);
  await expect(restore(data.places)).rejects.toThrow('Expected an empty data folder');
  await expect(restore({ ...data.restored, backupOfKeys: other.places.backupOfKeys })).rejects.toThrow(
    '2 of 2 images are damaged, or these are not their keys',
  );
  await expect(restore({ ...data.restored, backupOfKeys: join(data.root, 'none') })).rejects.toThrow(
    'Expected the keys of the backup',
  );
  await expect(restore({ ...data.restored, keysDir: other.places.backupOfKeys })).rejects.toThrow(
    'has another master.key',
  );
  const copies = { ...data.restored, backup: join(data.root, 'copy') };
  cpSync(data.places.backup, copies.backup, { recursive: true });
  const [folder = ''] = readdirSync(join(copies.backup, 'blobs')).filter((name) => name.length === 2);
  rmSync(join(copies.backup, 'blobs', folder), { recursive: true });
  await expect(restore(copies)).rejects.toThrow(/expected 2 images, got [01]/);
  appendFileSync(join(copies.backup, 'state-1/imaging.sqlite'), 'x');
  await expect(restore(copies)).rejects.toThrow('imaging.sqlite is not as it was written');
  writeFileSync(join(copies.backup, 'backup.json'), '{"format":1}');
  await expect(restore(copies)).rejects.toThrow('Expected a backup of format 2');
  expect(existsSync(data.restored.dataDir)).toBe(false);
  await restore(data.restored);
  expect(await radiographsIn(data.restored.dataDir)).toEqual(data.contents);
});

test('a damaged database ends the backup, and a folder of something else is left alone', async () => {
  await using data = await aDataFolder();
  await data.add(2);
  writeFileSync(join(data.places.dataDir, 'icu.sqlite'), 'this is no database at all, but long enough');
  await expect(backUp(data.places)).rejects.toThrow('not a database');
  rmSync(join(data.places.dataDir, 'icu.sqlite'));
  await expect(backUp({ ...data.places, backup: data.root })).rejects.toThrow('Expected an empty folder');
});

test('the commands say what they need and what they did', async () => {
  await using data = await aDataFolder();
  await data.add(4);
  const told = async (env: NodeJS.ProcessEnv, ...options: string[]) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...options], {
      env: { ...process.env, NODE_ENV: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, faults] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { out, faults, code: child.exitCode };
  };
  const { dataDir, backup, backupOfKeys } = data.places;
  const env = { DATA_DIR: dataDir };
  const fails = (faults: string) => ({ code: 1, out: '', faults: expect.stringContaining(faults) });
  expect(await told(env, 'backup', '--to', backup)).toEqual(fails('Expected --to and --keys-to'));
  expect(await told(env, 'backup', '--to', backup, '--keys-to', join(backup, 'keys'))).toEqual(
    fails('in another place'),
  );
  const away = { ...env, DATABASE_URL: 'postgres://hospital@db/radiograph' };
  expect(await told(away, 'backup', '--to', backup, '--keys-to', backupOfKeys)).toEqual(
    fails('docs/backup.md'),
  );
  const elsewhere = { DATA_DIR: join(data.root, 'mistyped') };
  expect(await told(elsewhere, 'backup', '--to', backup, '--keys-to', backupOfKeys)).toEqual(
    fails('Expected a data folder with a database'),
  );
  expect(await told(env, 'backup', '--to', backup, '--keys-to', backupOfKeys)).toEqual({
    ...{ code: 0, faults: '' },
    out: '4 images are in the backup, 4 of them copied now\n',
  });
  const restored = { DATA_DIR: data.restored.dataDir };
  expect(await told(restored, 'restore', '--from', backup, '--keys-from', backupOfKeys)).toEqual({
    ...{ code: 0, faults: '' },
    out: expect.stringMatching(/^Restored as it was at 20\d\d-.*Z: 4 images\n$/),
  });
  expect(await radiographsIn(data.restored.dataDir)).toEqual(data.contents);
});
