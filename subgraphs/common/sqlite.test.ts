import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtempDisposable, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase, RESTORING, transaction } from './sqlite.ts';

async function aDatabase() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'sqlite-'));
  const path = join(folder.path, 'data/test.sqlite');
  const db = openDatabase(path);
  db.exec('CREATE TABLE IF NOT EXISTS entry (name TEXT PRIMARY KEY) STRICT');
  return {
    db,
    path,
    names: () =>
      db
        .prepare('SELECT name FROM entry ORDER BY name')
        .all()
        .map(({ name }) => name),
    async [Symbol.asyncDispose]() {
      db.close();
      await folder.remove();
    },
  };
}

test('a commit is on the disk before it is acknowledged, and references hold', async () => {
  await using database = await aDatabase();
  const setting = (name: string) => Object.values(database.db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  const names = ['journal_mode', 'synchronous', 'busy_timeout', 'foreign_keys'];
  expect(names.map(setting)).toEqual(['wal', 2, 5_000, 1]);
  expect((await stat(join(database.path, '..'))).mode & 0o777).toBe(0o700);
});

test('a transaction gives back what its work gives', async () => {
  await using database = await aDatabase();
  const add = database.db.prepare('INSERT INTO entry VALUES (?)');
  expect(transaction(database.db, () => add.run('a').changes)).toBe(1);
  expect(database.names()).toEqual(['a']);
});

test('work that throws leaves nothing, its own fault is told, and the next one succeeds', async () => {
  await using database = await aDatabase();
  const add = database.db.prepare('INSERT INTO entry VALUES (?)');
  const torn = () => {
    add.run('a');
    throw new Error('the second step fails');
  };
  expect(() => transaction(database.db, torn)).toThrow('the second step fails');
  expect(database.names()).toEqual([]);
  transaction(database.db, () => add.run('b'));
  expect(database.names()).toEqual(['b']);
});

test('a fault after which SQLite has rolled back by itself is told as it was', async () => {
  await using database = await aDatabase();
  const work = () =>
    database.db.exec("INSERT INTO entry VALUES ('a'); INSERT OR ROLLBACK INTO entry VALUES ('a')");
  expect(() => transaction(database.db, work)).toThrow('UNIQUE constraint failed');
  expect(database.names()).toEqual([]);
});

test('processes that open a new file together all get it, and none loses what it wrote', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'sqlite-'));
  const path = join(folder.path, 'test.sqlite');
  const program = `
    const { openDatabase, transaction } = await import(${JSON.stringify(join(import.meta.dirname, 'sqlite.ts'))});
    const db = openDatabase(${JSON.stringify(path)});
    db.exec('CREATE TABLE IF NOT EXISTS count (n INTEGER) STRICT');
    for (let i = 0; i < 20; i += 1)
      transaction(db, () => {
        const { n } = db.prepare('SELECT count(*) AS n FROM count').get();
        db.prepare('INSERT INTO count VALUES (?)').run(n);
      });`;
  const ends = Array.from({ length: 5 }, () =>
    once(spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' }), 'exit'),
  );
  expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 0, 0, 0, 0]);
  using db = openDatabase(path);
  const numbers = db.prepare('SELECT n FROM count ORDER BY n').all();
  expect(numbers.map(({ n }) => n)).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test('no new file takes the place of one that is being restored', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'sqlite-'));
  await mkdir(join(folder.path, RESTORING));
  expect(() => openDatabase(join(folder.path, 'test.sqlite'))).toThrow('A restore into this data folder');
  expect(await readdir(folder.path)).toEqual([RESTORING]);
});
