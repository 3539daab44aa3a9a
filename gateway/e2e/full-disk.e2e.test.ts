import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canMount, smallDisk } from '#common/testing/small-disk.ts';
import { ask, picture, startSystem, upload } from './system.ts';

const UPLOAD = `mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) {
  jobs { id } userErrors { code message } } }`;
const STATE = 'query ($id: ID!) { job(id: $id) { state } }';
const FULL = /^The storage is full; try again later$/;

const mounts = canMount();
if (!mounts) console.warn('SKIPPED: a full disk (needs the right to mount one)');

test.skipIf(!mounts)(
  'a full disk refuses uploads, leaves nothing half written, and is used again when it has room',
  { timeout: 60_000 },
  async () => {
    using disk = smallDisk(12 * 1024 * 1024);
    await using system = await startSystem({ disk: disk.path });
    const blobs = () =>
      readdirSync(join(system.dataDir, 'blobs'), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name);
    const send = async (file: Buffer) => {
      const answer = (await upload(system.url, UPLOAD, [file])) as {
        data?: {
          radiographUpload: { jobs: { id: string }[]; userErrors: { code: string; message: string }[] };
        };
        errors?: { message: string; extensions: { code: string } }[];
      };
      const [fault] = answer.data?.radiographUpload.userErrors ?? [];
      const [error] = answer.errors ?? [];
      return {
        job: answer.data?.radiographUpload.jobs[0]?.id,
        code: fault?.code ?? error?.extensions.code,
        message: fault?.message ?? error?.message,
      };
    };
    const succeeds = async (file: Buffer) => {
      const { job } = await send(file);
      await expect
        .poll(() => ask(system.url, STATE, { id: job }), { timeout: 15_000 })
        .toMatchObject({ data: { job: { state: 'SUCCEEDED' } } });
    };

    await succeeds(await picture('png', 911));
    const before = blobs();
    // A picture that decodes, with 1.5 MB behind its end.
    const large = Buffer.concat([await picture('png', 912), randomBytes(1_500_000)]);
    disk.fill(600_000);
    expect(await send(large)).toMatchObject({ code: 'OVERLOADED', message: expect.stringMatching(FULL) });
    expect(blobs()).toEqual(before);
    expect(await ask(system.url, '{ radiographs { nodes { id } } }')).toMatchObject({
      data: { radiographs: { nodes: [{}] } },
    });

    // Not a byte is left, whoever wants to write.
    disk.fill();
    for (const seed of [913, 914, 915])
      expect(await send(await picture('png', seed))).toMatchObject({
        code: 'OVERLOADED',
        message: expect.stringMatching(FULL),
      });
    expect(readdirSync(join(system.dataDir, 'blobs/incoming'))).toEqual([]);

    disk.empty();
    await succeeds(large);
    await succeeds(await picture('png', 913));

    // Taken while there was room, and done when there is room again.
    const taken = await Promise.all([916, 917, 918].map(async (seed) => send(await picture('png', seed))));
    disk.fill();
    expect(await send(await picture('png', 919))).toMatchObject({ code: 'OVERLOADED' });
    disk.empty();
    for (const { job } of taken)
      await expect
        .poll(() => ask(system.url, STATE, { id: job }), { timeout: 15_000 })
        .toMatchObject({ data: { job: { state: 'SUCCEEDED' } } });
  },
);
