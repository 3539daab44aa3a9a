import { spawn } from 'node:child_process';
import { mkdir, mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { type KeyPurpose, openKeys } from './keys.ts';

const PURPOSES: KeyPurpose[] = ['blob-address', 'upload-claim', 'file-token'];
const aFolder = () => mkdtempDisposable(join(tmpdir(), 'keys-'));

test('twenty that open an empty folder at once agree on one key', async () => {
  await using folder = await aFolder();
  const opened = await Promise.all(Array.from({ length: 20 }, () => openKeys(folder.path)));
  expect(new Set(opened.map((keys) => keys('file-token').toString('hex'))).size).toBe(1);
  expect(await readdir(join(folder.path, 'keys'))).toEqual(['master.key']);
});

test('processes that start together agree too', async () => {
  await using folder = await aFolder();
  const program = `const { openKeys } = await import(${JSON.stringify(join(import.meta.dirname, 'keys.ts'))});
    console.log((await openKeys(${JSON.stringify(folder.path)}))('file-token').toString('hex'))`;
  const printed = Array.from({ length: 5 }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return text(child.stdout);
  });
  const keys = new Set(await Promise.all(printed));
  expect(keys).toEqual(new Set([expect.stringMatching(/^[0-9a-f]{64}\n$/)]));
});

test('each purpose has a key of its own, and none is the master key', async () => {
  await using folder = await aFolder();
  const keys = await openKeys(folder.path);
  const derived = PURPOSES.map(keys);
  expect(derived.map(({ length }) => length)).toEqual([32, 32, 32]);
  const master = await readFile(join(folder.path, 'keys/master.key'));
  expect(new Set([...derived, master].map((key) => key.toString('hex'))).size).toBe(4);
});

test('a folder that is opened again gives the same keys, and another folder gives others', async () => {
  await using folder = await aFolder();
  await using other = await aFolder();
  const keys = PURPOSES.map(await openKeys(folder.path));
  expect(PURPOSES.map(await openKeys(folder.path))).toEqual(keys);
  const others = PURPOSES.map(await openKeys(other.path));
  for (const [i, key] of keys.entries()) expect(others[i]).not.toEqual(key);
});

test.each([0, 16, 31, 33])('a master key of %i bytes is refused and left as it is', async (length) => {
  await using folder = await aFolder();
  const path = join(folder.path, 'keys/master.key');
  await mkdir(join(folder.path, 'keys'));
  await writeFile(path, Buffer.alloc(length, 7));
  await expect(openKeys(folder.path)).rejects.toThrow('expected 32 bytes');
  expect(await readFile(path)).toEqual(Buffer.alloc(length, 7));
});

test('only the owner may read the master key and its folder', async () => {
  await using folder = await aFolder();
  await openKeys(folder.path);
  const modes = [join(folder.path, 'keys'), join(folder.path, 'keys/master.key')].map(async (path) => {
    const { mode } = await stat(path);
    return mode & 0o777;
  });
  expect(await Promise.all(modes)).toEqual([0o700, 0o600]);
});
