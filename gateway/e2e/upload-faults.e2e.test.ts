import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, picture, type System, startSystem } from './system.ts';

const UPLOAD = 'mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) { jobs { id } } }';
const BOUNDARY = 'a-boundary';
const STUCK_MS = 1_000;

let system: System;
beforeAll(async () => {
  system = await startSystem({ gateway: { STUCK_SOCKET_MS: String(STUCK_MS), MAX_UPLOADS_AT_ONCE: '2' } });
}, 60_000);
afterAll(() => system[Symbol.asyncDispose]());

/** A request that is written by hand, as no good client would. */
function begin(): ClientRequest {
  const client = request(`${system.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      'apollo-require-preflight': '1',
    },
  });
  client.on('error', () => undefined);
  return client;
}

const field = (name: string, content: string) =>
  `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;
const fileHead = (name: string) =>
  `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"; filename="${name}.png"\r\n\r\n`;
const fields = (names: readonly string[]) =>
  field('operations', JSON.stringify({ query: UPLOAD, variables: { files: names.map(() => null) } })) +
  field('map', JSON.stringify(Object.fromEntries(names.map((name, i) => [name, [`variables.files.${i}`]]))));

/** Everything that lies in the blob store, taken in or under way. */
function blobs(): string[] {
  const entries = readdirSync(join(system.dataDir, 'blobs'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
const incoming = () => readdirSync(join(system.dataDir, 'blobs/incoming'));

async function answerTo(client: ClientRequest) {
  const [answer] = (await once(client, 'response')) as [IncomingMessage];
  const { errors } = JSON.parse(await text(answer)) as { errors?: { extensions: { code: string } }[] };
  return { status: answer.statusCode, code: errors?.[0]?.extensions.code };
}

/** A first file that is whole and a second that has begun. */
async function twoFiles(client: ClientRequest): Promise<void> {
  const png = await picture('png', 401);
  client.write(fields(['a', 'b']));
  client.write(Buffer.concat([Buffer.from(fileHead('a')), png, Buffer.from('\r\n')]));
  client.write(
    Buffer.concat([
      Buffer.from(fileHead('b')),
      (await picture('png', 402)).subarray(0, 64),
      randomBytes(500_000),
    ]),
  );
}

test('a client that breaks off in its second file leaves nothing of the first', async () => {
  const before = blobs();
  const client = begin();
  await twoFiles(client);
  await expect.poll(incoming).toHaveLength(2);
  client.destroy();
  await expect.poll(blobs).toEqual(before);
});

test('a body that ends in the middle of a file is refused, and leaves nothing', async () => {
  const before = blobs();
  const client = begin();
  await twoFiles(client);
  client.end();
  expect(await answerTo(client)).toEqual({ status: 400, code: 'BAD_USER_INPUT' });
  await expect.poll(blobs).toEqual(before);
});

test('a fault in a late part leaves nothing of the files before it', async () => {
  const before = blobs();
  const client = begin();
  await twoFiles(client);
  client.write(`\r\n${fileHead('nobody-named-it')}x\r\n`);
  client.end(`--${BOUNDARY}--\r\n`);
  expect(await answerTo(client)).toEqual({ status: 400, code: 'BAD_USER_INPUT' });
  await expect.poll(blobs).toEqual(before);
});

test('a client that stands still is let go of, and leaves nothing', async () => {
  const before = blobs();
  const client = begin();
  await twoFiles(client);
  await expect.poll(incoming).toHaveLength(2);
  await new Promise((resolve) => client.once('close', resolve));
  await expect.poll(blobs).toEqual(before);
});

test('a caller may upload so much at once, and is refused before more of its body is read', async () => {
  const [first, second] = [begin(), begin()];
  for (const client of [first, second]) await twoFiles(client);
  await expect.poll(incoming).toHaveLength(4);
  const third = begin();
  third.write(fields(['a']));
  expect(await answerTo(third)).toEqual({ status: 429, code: 'RATE_LIMITED' });
  third.destroy();
  first.destroy();
  second.destroy();
  await expect.poll(incoming).toEqual([]);
  const fourth = begin();
  fourth.end('--');
  expect((await answerTo(fourth)).code).toBe('BAD_USER_INPUT');
  expect(await ask(system.url, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
});
