import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { s3Bucket } from '#common/s3-bucket.ts';
import { bucketSettings, startBucket } from '#common/testing/bucket.ts';
import { ask, picture, type System, startSystem, upload } from './system.ts';

const UPLOAD =
  'mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) { jobs { id radiograph { id } } } }';
const READ = `query ($id: ID!) { radiograph(id: $id) { image { url } classification { cached }
  turbo: heatmap { image { url } } jet: heatmap(colormap: JET) { image { url } } } }`;
const DELETE = `mutation ($id: ID!) { radiographDelete(input: { id: $id }) {
  radiograph { id job { state } } userErrors { code } } }`;

/** A system with a way to look at all that is stored. */
type Watched = System & { readonly blobs: () => Promise<string[]> };

async function inFolder(): Promise<Watched> {
  const system = await startSystem();
  const blobs = async () => {
    const entries = readdirSync(join(system.dataDir, 'blobs'), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };
  return { ...system, blobs };
}

async function inBucket(): Promise<Watched> {
  const stack = new AsyncDisposableStack();
  const bucket = stack.use(await startBucket());
  const keysDir = mkdtempSync(join(tmpdir(), 'keys-'));
  stack.defer(() => rmSync(keysDir, { recursive: true }));
  const storage = { ...bucketSettings(bucket), KEYS_DIR: keysDir };
  const system = stack.use(await startSystem({ storage }));
  const blobs = async () => {
    const keys = [];
    for await (const { key } of s3Bucket(bucket.settings).list('')) keys.push(key);
    expect(readdirSync(join(system.dataDir, 'spool'))).toEqual([]);
    expect(readdirSync(system.dataDir)).not.toContain('keys');
    return keys;
  };
  return { ...system, blobs, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests check
type Data = any;

/** Uploads a picture, waits for its classification and reads it with its links. */
async function read(system: System, file: Buffer) {
  const { data } = (await upload(system.url, UPLOAD, [file])) as { data: Data };
  const { id } = data.radiographUpload.jobs[0].radiograph;
  const asked = async () => ((await ask(system.url, READ, { id })) as { data: Data }).data.radiograph;
  await expect.poll(asked, { timeout: 15_000 }).toMatchObject({ classification: expect.anything() });
  const { image, turbo, jet, classification } = await asked();
  const urls: string[] = [image.url, turbo.image.url, jet.image.url];
  return { id, cached: classification.cached as boolean, urls };
}

const statuses = (system: System, urls: readonly string[]) =>
  Promise.all(urls.map(async (url) => (await fetch(`${system.url}${url}`)).status));

describe.each([
  ['a folder', inFolder],
  ['a bucket', inBucket],
])('images in %s', (_place, start) => {
  test('of a deleted radiograph nothing is left: no link, no file, no inference', {
    timeout: 60_000,
  }, async () => {
    await using system = await start();
    const file = await picture('png', 901);
    const first = await read(system, file);
    const other = await read(system, await picture('png', 902));
    expect(await system.blobs()).toHaveLength(8);
    expect(await statuses(system, first.urls)).toEqual([200, 200, 200]);
    const deleted = await ask(system.url, DELETE, { id: first.id });
    expect(deleted).toEqual({
      data: {
        radiographDelete: { radiograph: { id: first.id, job: { state: 'SUCCEEDED' } }, userErrors: [] },
      },
    });
    expect(await statuses(system, first.urls)).toEqual([404, 404, 404]);
    expect(await statuses(system, other.urls)).toEqual([200, 200, 200]);
    expect(await system.blobs()).toHaveLength(4);
    expect(await ask(system.url, READ, { id: first.id })).toEqual({ data: { radiograph: null } });
    expect(await ask(system.url, DELETE, { id: first.id })).toEqual({
      data: { radiographDelete: { radiograph: null, userErrors: [{ code: 'NOT_FOUND' }] } },
    });
    // The same image once more is as new.
    const again = await read(system, file);
    expect(again.cached).toBe(false);
    expect(await statuses(system, again.urls)).toEqual([200, 200, 200]);
    for (const { id } of [again, other]) await ask(system.url, DELETE, { id });
    expect(await system.blobs()).toEqual([]);
  });
});
