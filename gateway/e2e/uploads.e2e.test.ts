import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, ask, picture, type System, startSystem, upload } from './system.ts';

const UPLOAD = `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files }) { jobs { id } userErrors { code message field } } }`;
const CLASSIFY = `mutation ($files: Upload!, $again: Upload!) {
  a: radiographClassify(input: { file: $files }) { radiograph { id width classification { cached } } userErrors { code } }
  b: radiographClassify(input: { file: $again, patientId: "3" }) { radiograph { id patient { id } } userErrors { code } } }`;

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

type Part = readonly [name: string, content: string | Buffer];

/** Sends parts in the order given: `FormData` cannot write what a faulty client writes. */
async function send(parts: readonly Part[], headers: object = { 'apollo-require-preflight': '1' }) {
  const form = new FormData();
  for (const [name, content] of parts)
    form.set(name, typeof content === 'string' ? content : new Blob([new Uint8Array(content)]));
  const answer = await fetch(`${system.url}/graphql`, {
    method: 'POST',
    headers: { ...headers },
    body: form,
  });
  return { status: answer.status, ...((await answer.json()) as Answer) };
}

const operations = (query: string, variables: object) => JSON.stringify({ query, variables });

test('files of several variables may come in any order', async () => {
  const { data, errors } = await send([
    ['operations', operations(CLASSIFY, { files: null, again: null })],
    ['map', JSON.stringify({ one: ['variables.files'], two: ['variables.again'] })],
    ['two', await picture('png', 11)],
    ['one', await picture('jpeg', 12)],
  ]);
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    a: { radiograph: { width: 300, classification: { cached: false } }, userErrors: [] },
    b: { radiograph: { patient: { id: '3' } }, userErrors: [] },
  });
});

test('one file may stand in several places', async () => {
  const { data } = await send([
    ['operations', operations(UPLOAD, { files: [null, null] })],
    ['map', JSON.stringify({ f: ['variables.files.0', 'variables.files.1'] })],
    ['f', await picture('jpeg', 13)],
  ]);
  expect((data as unknown as { radiographUpload: { jobs: object[] } }).radiographUpload.jobs).toHaveLength(2);
});

const FAULTY: readonly (readonly [string, (file: Buffer) => readonly Part[]])[] = [
  [
    'files before the map',
    (file) => [
      ['0', file],
      ['operations', operations(UPLOAD, { files: [null] })],
      ['map', '{"0":["variables.files.0"]}'],
    ],
  ],
  [
    'a map that is no JSON',
    (file) => [
      ['operations', operations(UPLOAD, { files: [null] })],
      ['map', '{'],
      ['0', file],
    ],
  ],
  [
    'a map to a place that does not exist',
    (file) => [
      ['operations', operations(UPLOAD, { files: [null] })],
      ['map', '{"0":["variables.files.7"]}'],
      ['0', file],
    ],
  ],
  [
    'a map into the prototype',
    (file) => [
      ['operations', operations(UPLOAD, { files: [null] })],
      ['map', '{"0":["variables.__proto__.polluted"]}'],
      ['0', file],
    ],
  ],
  [
    'a map over a value',
    (file) => [
      ['operations', operations(UPLOAD, { files: ['x'] })],
      ['map', '{"0":["variables.files.0"]}'],
      ['0', file],
    ],
  ],
  [
    'a file that the map does not name',
    (file) => [
      ['operations', operations(UPLOAD, { files: [null] })],
      ['map', '{"0":["variables.files.0"]}'],
      ['9', file],
    ],
  ],
  [
    'a named file that never comes',
    () => [
      ['operations', operations(UPLOAD, { files: [null] })],
      ['map', '{"0":["variables.files.0"]}'],
    ],
  ],
  [
    'no operations',
    (file) => [
      ['map', '{"0":["variables.files.0"]}'],
      ['0', file],
    ],
  ],
  [
    'a batch of operations',
    (file) => [
      ['operations', `[${operations(UPLOAD, { files: [null] })}]`],
      ['map', '{"0":["0.variables.files.0"]}'],
      ['0', file],
    ],
  ],
];

test.each(FAULTY)('%s is refused with BAD_USER_INPUT', async (_name, parts) => {
  const { status, errors } = await send(parts(await picture('png', 14)));
  expect(status).toBe(400);
  expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  expect((Object.prototype as { polluted?: unknown }).polluted).toBeUndefined();
});

test('a multipart request without the preflight header is refused before its body is read', async () => {
  const { status, errors } = await send([['operations', 'x']], {});
  expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 400, code: 'BAD_USER_INPUT' });
});

test('a client that breaks off leaves nothing behind', async () => {
  const incoming = join(system.dataDir, 'blobs/incoming');
  const boundary = 'broken-off';
  const headers = {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'apollo-require-preflight': '1',
  };
  const client = request(`${system.url}/graphql`, { method: 'POST', headers });
  const field = (name: string, content: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;
  client.write(
    field('operations', operations(UPLOAD, { files: [null] })) + field('map', '{"0":["variables.files.0"]}'),
  );
  client.write(`--${boundary}\r\ncontent-disposition: form-data; name="0"; filename="a.png"\r\n\r\n`);
  client.write(Buffer.concat([(await picture('png', 15)).subarray(0, 64), randomBytes(1_000_000)]));
  await expect.poll(() => readdirSync(incoming)).toHaveLength(1);
  client.on('error', () => undefined);
  client.destroy();
  await expect.poll(() => readdirSync(incoming)).toEqual([]);
  expect(await ask(system.url, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
});

test('a refused file leaves nothing behind', async () => {
  const big = Buffer.concat([(await picture('png', 16)).subarray(0, 64), randomBytes(3 << 20)]);
  const { data } = await upload(system.url, UPLOAD, [big, Buffer.from('GIF89a'), randomBytes(100)]);
  const { userErrors } = (data as unknown as { radiographUpload: { userErrors: { code: string }[] } })
    .radiographUpload;
  expect(userErrors.map(({ code }) => code)).toEqual([
    'FILE_TOO_LARGE',
    'UNSUPPORTED_IMAGE',
    'UNSUPPORTED_IMAGE',
  ]);
  expect(readdirSync(join(system.dataDir, 'blobs/incoming'))).toEqual([]);
});

test('51 files are refused as a whole', async () => {
  const file = await picture('png', 17);
  const { errors } = await upload(system.url, UPLOAD, Array<Buffer>(51).fill(file));
  expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
});

test('nothing of a stored image can be read on the disk', async () => {
  const file = await picture('png', 18);
  await upload(system.url, UPLOAD, [file]);
  const blobs = readdirSync(join(system.dataDir, 'blobs'), { recursive: true, encoding: 'utf8' });
  expect(blobs.length).toBeGreaterThan(1);
  expect(blobs.filter((name) => /png|jpe?g/i.test(name))).toEqual([]);
});
