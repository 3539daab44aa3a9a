import { expect, test } from 'vitest';
import { boundaryOf, onePart, relatedBody } from './multipart-related.ts';

const FILE = Buffer.from('any bytes\r\n--almost\r\n\0\xff--', 'latin1');
const HEADER = 'Content-Type: application/dicom\r\nContent-Length: 9\r\nMIME-Version: 1.0';

const body = (boundary = 'b', header = HEADER, file = FILE, end = '--\r\n') =>
  Buffer.concat([
    Buffer.from(`--${boundary}\r\n${header}\r\n\r\n`),
    file,
    Buffer.from(`\r\n--${boundary}${end}`),
  ]);

/** In pieces of `size` bytes. */
async function read(bytes: Buffer, size = bytes.length, boundary = 'b'): Promise<Buffer> {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const chunks = [];
  for await (const chunk of onePart(pieces(), boundary)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('a part is read whatever pieces it comes in', async () => {
  for (let size = 1; size <= body().length; size++) expect(await read(body(), size)).toEqual(FILE);
});

test('what stands before and behind the part is passed over', async () => {
  const bytes = Buffer.concat([Buffer.from('a preamble\r\n'), body(), Buffer.from('an epilogue')]);
  for (const size of [1, 7, 1_000]) expect(await read(bytes, size)).toEqual(FILE);
});

test('an empty part is one', async () => {
  expect(await read(body('b', HEADER, Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
});

test('what we send can be read', async () => {
  const { contentType, body } = relatedBody([FILE]);
  expect(await read(body, 5, boundaryOf(contentType))).toEqual(FILE);
});

test('a part comes through before it has ended', async () => {
  async function* endless() {
    yield Buffer.from(`--b\r\n${HEADER}\r\n\r\n`);
    for (;;) yield Buffer.alloc(1_000, 'x');
  }
  let bytes = 0;
  for await (const chunk of onePart(endless(), 'b')) {
    bytes += chunk.length;
    if (bytes > 10_000) break;
  }
  expect(bytes).toBeLessThan(12_000);
});

const long = 'x'.repeat(20_000);
test.each<[string, Buffer]>([
  ['nothing', Buffer.alloc(0)],
  ['no boundary', FILE],
  ['another boundary', body('c')],
  ['a body that ends before its boundary', body().subarray(0, -8)],
  ['a body that ends within its header', body().subarray(0, 20)],
  ['a boundary that goes on', body('b', HEADER, FILE, 'bb--')],
  ['a second part', Buffer.concat([body('b', HEADER, FILE, '\r\n'), body().subarray(3)])],
  ['no part', Buffer.from('--b--\r\n')],
  ['a part of another type', body('b', 'Content-Type: application/dicom+json')],
  ['a part without a type', body('b', 'Content-Length: 9')],
  ['a header without end', body('b', `X: ${long}\r\n${HEADER}`)],
  ['a preamble without end', Buffer.from(long)],
])('%s is unusable', async (_name, bytes) => {
  for (const size of [1, 100_000])
    await expect(read(bytes, size)).rejects.toMatchObject({ kind: 'unusable' });
});

test.each([
  ['multipart/related; type="application/dicom"; boundary=ab-1.2', 'ab-1.2'],
  ['Multipart/Related;boundary="a b";type=x', 'a b'],
  ['multipart/related; boundary = x ; type="application/dicom"', 'x'],
])('%s has a boundary', (contentType, boundary) => {
  expect(boundaryOf(contentType)).toBe(boundary);
});

test.each([
  undefined,
  'application/dicom',
  'multipart/related',
  'multipart/related; boundary=',
  'multipart/related; boundary=""',
  'multipart/mixed; boundary=b',
  `multipart/related; boundary=${'b'.repeat(71)}`,
  'multipart/related; boundary="b\x00"',
])('%s has none', (contentType) => {
  expect(() => boundaryOf(contentType)).toThrow(expect.objectContaining({ kind: 'unusable' }));
});
