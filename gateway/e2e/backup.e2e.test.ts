import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { cp, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { s3Bucket } from '#common/s3-bucket.ts';
import { bucketSettings, startBucket, type TestBucket } from '#common/testing/bucket.ts';
import { postgresServer, startPostgres } from '#common/testing/postgres.ts';
import { startInstallation } from './installation.ts';
import { ask, picture, startSystem, upload } from './system.ts';

const ROOT = join(import.meta.dirname, '../..');
const UPLOAD = `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files, patientId: "7" }) { jobs { id radiograph { id } } userErrors { code } } }`;
const READ = `query ($id: ID!) { radiograph(id: $id) { patient { id } image { url }
  classification { finding { code probability } } heatmap { peak { x y } image { url } } } }`;

type Uploaded = { radiographUpload: { jobs: { id: string; radiograph: { id: string } }[] } };
type Read = { radiograph: { image: { url: string }; heatmap: { image: { url: string } } } };

if (!postgresServer) console.warn('SKIPPED: backup of a database and a bucket (no postgres here)');

const execute = promisify(execFile);
const run = async (dataDir: string, script: string, ...options: string[]) =>
  (
    await execute(process.execPath, [join(ROOT, script), ...options], {
      env: { ...process.env, NODE_ENV: '', DATA_DIR: dataDir, LOG_LEVEL: 'silent' },
    })
  ).stdout;

async function send(url: string, seed: number): Promise<string> {
  const { data } = await upload(url, UPLOAD, [await picture('png', seed)]);
  const [job] = (data as unknown as Uploaded).radiographUpload.jobs;
  if (!job) throw new Error('The upload was refused');
  return job.radiograph.id;
}

/** A radiograph as a client reads it: its finding, and the bytes of its picture and its heatmap. */
async function read(url: string, id: string) {
  await expect
    .poll(() => ask(url, READ, { id }), { timeout: 30_000, interval: 100 })
    .toMatchObject({
      data: { radiograph: { classification: expect.anything(), heatmap: expect.anything() } },
    });
  const { radiograph } = (await ask(url, READ, { id })).data as unknown as Read;
  const bytes = async (link: string) => Buffer.from(await (await fetch(url + link)).arrayBuffer());
  const { image, heatmap, ...rest } = radiograph;
  return {
    ...{ ...rest, picture: await bytes(image.url), heatmap: await bytes(heatmap.image.url) },
  };
}

test('a backup taken under load restores to what was acknowledged before it', {
  timeout: 120_000,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'backup-'));
  const places = ['backup', 'backup-of-keys', 'restored'].map((name) => join(folder.path, name));
  const [backup = '', keys = '', restored = ''] = places;
  const before = new Map<string, object>();
  {
    await using system = await startInstallation();
    const acknowledged: string[] = [];
    for (let seed = 1; seed <= 12; seed += 1) acknowledged.push(await send(system.url, 700 + seed));
    // Some are being read, others wait, and more come while the backup runs.
    const backing = run(system.dataDir, 'deploy/backup/main.ts', 'backup', '--to', backup, '--keys-to', keys);
    let ended = false;
    void backing.then(() => {
      ended = true;
    });
    for (let seed = 100; !ended; seed += 1) await send(system.url, 700 + seed);
    expect(await backing).toMatch(/^\d+ images are in the backup/);
    for (const id of acknowledged) before.set(id, await read(system.url, id));
  }
  const options = ['restore', '--from', backup, '--keys-from', keys];
  expect(await run(restored, 'deploy/backup/main.ts', ...options)).toMatch(/^Restored as it was at /);
  expect(await run(restored, 'subgraphs/imaging/audit/main.ts')).toMatch(/^The audit trail is whole/);
  await using system = await startInstallation({}, restored);
  for (const [id, radiograph] of before) expect(await read(system.url, id)).toEqual(radiograph);
  // It goes on, and knows the patients.
  await read(system.url, await send(system.url, 999));
  expect(await ask(system.url, '{ patient(id: "7") { icuRisk { probability } } }')).toMatchObject({
    data: { patient: { icuRisk: { probability: expect.any(Number) } } },
  });
});

/** As a bucket's own means do: object by object. */
async function copyBucket(from: TestBucket, to: TestBucket): Promise<void> {
  const [source, copy] = [s3Bucket(from.settings), s3Bucket(to.settings)];
  for await (const { key } of source.list('')) {
    const { bytes = Buffer.alloc(0) } = (await source.get(key)) ?? {};
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await copy.put(key, { bytes: bytes.length, sha256, open: () => Readable.from([bytes]) });
  }
}

test.skipIf(!postgresServer)(
  'a database and a bucket are restored from their dumps and copies',
  {
    timeout: 120_000,
  },
  async () => {
    const programs = dirname(realpathSync(postgresServer ?? ''));
    await using folder = await mkdtempDisposable(join(tmpdir(), 'backup-'));
    const dump = join(folder.path, 'ledger.dump');
    const [keysDir, copiedKeys] = [join(folder.path, 'keys'), join(folder.path, 'copied-keys')];
    await using postgres = await startPostgres();
    await using bucket = await startBucket();
    await using copiedBucket = await startBucket();
    const [database, restored] = [await postgres.database(), await postgres.database()];
    const before = new Map<string, object>();
    {
      const storage = { ...bucketSettings(bucket), DATABASE_URL: database, KEYS_DIR: keysDir };
      await using system = await startSystem({ storage });
      for (let seed = 1; seed <= 4; seed += 1) {
        const id = await send(system.url, 750 + seed);
        before.set(id, await read(system.url, id));
      }
      const waiting = await send(system.url, 760);
      await execute(join(programs, 'pg_dump'), ['--format=custom', `--file=${dump}`, database]);
      await send(system.url, 761);
      await copyBucket(bucket, copiedBucket);
      await cp(keysDir, copiedKeys, { recursive: true });
      before.set(waiting, await read(system.url, waiting));
    }
    const options = ['--exit-on-error', '--single-transaction', `--dbname=${restored}`, dump];
    await execute(join(programs, 'pg_restore'), options);
    const storage = { ...bucketSettings(copiedBucket), DATABASE_URL: restored, KEYS_DIR: copiedKeys };
    await using system = await startSystem({ storage });
    for (const [id, radiograph] of before) expect(await read(system.url, id)).toEqual(radiograph);
    await read(system.url, await send(system.url, 762));
  },
);
