import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { StagingBlobStore } from '#common/blob-store.ts';
import { takeFile } from './file-intake.ts';

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const DICOM = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(60, 1)]);
const BARE = Buffer.concat([Buffer.from('080005004353', 'hex'), Buffer.alloc(200, 2)]);
const MOST = 1024;

/** @returns whether the file was taken, and with which bytes or why not */
async function taken(chunks: readonly Buffer[]) {
  const staged: Buffer[] = [];
  const stage: StagingBlobStore['stage'] = async (source) => {
    for await (const part of source) staged.push(part);
    const nothing = async () => undefined;
    return { address: 'a', bytes: Buffer.concat(staged).length, keep: nothing, discard: nothing };
  };
  const blobs = { stage } as StagingBlobStore;
  const { claim } = await takeFile(Readable.from(chunks), blobs, MOST);
  return claim.kept ? Buffer.concat(staged) : claim.code;
}

test.each([
  ['a PNG file', PNG],
  ['a DICOM file', DICOM],
  ['a DICOM file without preamble', BARE],
])('%s is taken, however it is cut into chunks', async (_name, file) => {
  expect(await taken([file])).toEqual(file);
  expect(await taken([file.subarray(0, 3), file.subarray(3, 7), file.subarray(7)])).toEqual(file);
  const bytes = Array.from(file, (_, at) => file.subarray(at, at + 1));
  expect(await taken(bytes)).toEqual(file);
});

test.each([
  ['an empty file', []],
  ['too few bytes to tell', [DICOM.subarray(0, 131)]],
  ['text', [Buffer.from('not a picture')]],
  ['text without end', [Buffer.alloc(90, 'a'), Buffer.alloc(90, 'a')]],
  ['a DICOM file whose mark stands elsewhere', [Buffer.alloc(1), DICOM]],
])('%s is refused', async (_name, chunks) => {
  expect(await taken(chunks)).toBe('UNSUPPORTED_IMAGE');
});

test('a DICOM file larger than what is taken is refused by its size', async () => {
  expect(await taken([DICOM, Buffer.alloc(MOST)])).toBe('FILE_TOO_LARGE');
});
