import { existsSync, mkdtempSync, openAsBlob, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bucketSettings, startBucket } from '#common/testing/bucket.ts';
import { startInstallation } from './installation.ts';
import { picture } from './system.ts';

const UPLOAD = `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files }) { jobs { id } userErrors { code } } }`;
const FILE_BYTES = 60 * 1024 * 1024;
/** A gateway that held its files would grow by 240 MB or more. */
const BOUND_BYTES = 160 * 1024 * 1024;
const SAMPLE_MS = 20;

/** Resident memory of a process in bytes, as Linux tells it. */
function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

const hasProc = existsSync('/proc/self/status');
if (!hasProc) console.warn('SKIPPED: memory of uploads (needs /proc)');

test.skipIf(!hasProc).each([
  ['folder', 8],
  ['bucket', 4],
] as const)(
  'into a %s %i uploads of 60 MB at once leave the memory of the gateway flat',
  { timeout: 180_000 },
  async (place, files) => {
    const folder = mkdtempSync(join(tmpdir(), 'large-'));
    await using bucket = place === 'bucket' ? await startBucket() : undefined;
    await using system = await startInstallation(bucket && bucketSettings(bucket));
    const path = join(folder, 'large.png');
    // A good picture with something after its end: as large as an upload may be, and quick to make.
    const head = await picture('png', 501);
    writeFileSync(path, Buffer.concat([head, Buffer.alloc(FILE_BYTES - head.length, 'padding')]));
    const pid = system.pid('gateway');
    const send = async (file: Blob) => {
      const form = new FormData();
      form.set('operations', JSON.stringify({ query: UPLOAD, variables: { files: [null] } }));
      form.set('map', '{"0":["variables.files.0"]}');
      form.set('0', file, 'large.png');
      const headers = { 'apollo-require-preflight': '1' };
      const answer = await fetch(`${system.url}/graphql`, { method: 'POST', headers, body: form });
      return (await answer.json()) as { data?: { radiographUpload: { jobs: object[] } } };
    };
    // What the first request of all costs is no file's.
    await send(new Blob([new Uint8Array(head)]));
    const before = residentBytes(pid);
    let most = before;
    const sampling = setInterval(() => {
      most = Math.max(most, residentBytes(pid));
    }, SAMPLE_MS);
    const answers = await Promise.all(
      Array.from({ length: files }, async (_, i) => send(new Blob([await openAsBlob(path), `file ${i}`]))),
    ).finally(() => clearInterval(sampling));
    rmSync(folder, { recursive: true });
    for (const { data } of answers) expect(data?.radiographUpload.jobs).toHaveLength(1);
    const grown = most - before;
    console.info(`memory of the gateway (${place}): ${mb(before)} MB before, at most ${mb(grown)} MB more`);
    expect(grown).toBeLessThan(BOUND_BYTES);
  },
);

const mb = (bytes: number) => Math.round(bytes / 1024 / 1024);
