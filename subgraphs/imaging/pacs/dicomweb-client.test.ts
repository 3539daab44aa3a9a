import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { openDicomwebClient } from './dicomweb-client.ts';

const INSTANCE = { studyInstanceUID: '1.2.1', seriesInstanceUID: '1.2.2', sopInstanceUID: '1.2.3' };
const MB = 1024 * 1024;
const JSON_TYPE = { 'content-type': 'application/dicom+json' };
const PART = { 'content-type': 'multipart/related; type="application/dicom"; boundary=b' };
const PART_HEAD = '--b\r\nContent-Type: application/dicom\r\n\r\n';
const patient = new AbortController().signal;

/** A server for faults that no real PACS can be made to have. */
async function aPeer(listener: RequestListener, deadlineMs = 10_000) {
  const seen: { method: string; url: string; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, authorization: headers.authorization });
    response.on('error', () => undefined);
    listener(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const lines: string[] = [];
  const { port } = server.address() as AddressInfo;
  const client = openDicomwebClient(
    { url: `http://127.0.0.1:${port}/web`, authorization: 'Bearer secret' },
    MB,
    new Registry(),
    // Without time and process number, either of which may hold the digits of a port.
    pino({ level: 'trace', base: null, timestamp: false }, { write: (line) => void lines.push(line) }),
    { searchMs: deadlineMs, transferMs: deadlineMs },
  );
  return {
    ...{ client, seen, lines, port },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
    },
  };
}

const consumed = async (file: AsyncIterable<Buffer>) => {
  let bytes = 0;
  for await (const chunk of file) bytes += chunk.length;
  return bytes;
};

/** Writes for as long as somebody reads. */
function endless(response: ServerResponse, chunk: Buffer): void {
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

const ask = {
  search: (client: ReturnType<typeof openDicomwebClient>) => client.series('1.2.1', patient),
  list: (client: ReturnType<typeof openDicomwebClient>) => client.instances('1.2.1', '1.2.2', 9, patient),
  retrieve: (client: ReturnType<typeof openDicomwebClient>) => client.retrieve(INSTANCE, consumed, patient),
  metadata: (client: ReturnType<typeof openDicomwebClient>) => client.metadata(INSTANCE, patient),
  store: (client: ReturnType<typeof openDicomwebClient>) =>
    client.store('1.2.1', [Buffer.from('x')], patient),
};
type Asked = keyof typeof ask;
const READS: Asked[] = ['search', 'list', 'metadata'];
const ALL: Asked[] = [...READS, 'retrieve', 'store'];
const secret = 'secret-of-the-peer';

test.each<[string, Asked[], string, RequestListener]>([
  ['status 500', ALL, 'OVERLOADED', (_, response) => response.writeHead(500).end(secret)],
  ['status 401', ALL, 'OVERLOADED', (_, response) => response.writeHead(401).end(secret)],
  ['status 206 with a page', READS, 'OVERLOADED', (_, response) => response.writeHead(206).end('<html>')],
  ['a closed connection', ALL, 'OVERLOADED', (_, response) => response.destroy()],
  ['nothing', ALL, 'DEADLINE_EXCEEDED', () => undefined],
  ['a header alone', ALL, 'DEADLINE_EXCEEDED', (_, response) => response.writeHead(200, PART).flushHeaders()],
  ['a web page', [...READS, 'retrieve'], 'OVERLOADED', (_, response) => response.end(`<html>${secret}`)],
  [
    'JSON of another shape',
    READS,
    'OVERLOADED',
    (_, response) => response.writeHead(200, JSON_TYPE).end('[1]'),
  ],
  [
    'compressed JSON that was not asked for',
    READS,
    'OVERLOADED',
    (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('[]')),
  ],
  [
    'JSON without end',
    READS,
    'OVERLOADED',
    (_, response) => endless(response.writeHead(200, JSON_TYPE), Buffer.alloc(MB, ' ')),
  ],
  [
    'UIDs that lead elsewhere',
    READS,
    'OVERLOADED',
    (_, response) =>
      response
        .writeHead(200, JSON_TYPE)
        .end(
          JSON.stringify([{ '0020000E': { vr: 'UI', Value: ['../../admin'] }, '00080018': { vr: 'UI' } }]),
        ),
  ],
  [
    'another instance',
    ['metadata'],
    'OVERLOADED',
    (_, response) =>
      response
        .writeHead(200, JSON_TYPE)
        .end(
          JSON.stringify([
            { '00080018': { vr: 'UI', Value: ['1.2.4'] }, '0020000D': { vr: 'UI', Value: ['1.2.1'] } },
          ]),
        ),
  ],
  [
    'a file without end',
    ['retrieve'],
    'FILE_TOO_LARGE',
    (_, response) => {
      response.writeHead(200, PART).write(PART_HEAD);
      endless(response, Buffer.alloc(64 * 1024));
    },
  ],
  [
    'a torn file',
    ['retrieve'],
    'OVERLOADED',
    (_, response) => response.writeHead(200, PART).end(`${PART_HEAD}half of it`),
  ],
  [
    'a file whose connection breaks',
    ['retrieve'],
    'OVERLOADED',
    (_, response) => {
      response.writeHead(200, { ...PART, 'content-length': '1000' }).write(`${PART_HEAD}half of it`);
      setImmediate(() => response.destroy());
    },
  ],
  [
    'a file that stalls',
    ['retrieve'],
    'DEADLINE_EXCEEDED',
    (_, response) => void response.writeHead(200, PART).write(`${PART_HEAD}half of it`),
  ],
  [
    'a file of another boundary',
    ['retrieve'],
    'OVERLOADED',
    (_, response) => response.writeHead(200, PART).end(`${PART_HEAD.replace('--b', '--c')}x\r\n--c--`),
  ],
  [
    'a picture in place of a file',
    ['retrieve'],
    'OVERLOADED',
    (_, response) => response.writeHead(200, PART).end('--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--'),
  ],
])('%s is told as what it is', async (_name, asked, code, listener) => {
  for (const name of asked) {
    await using peer = await aPeer(listener, code === 'DEADLINE_EXCEEDED' ? 300 : undefined);
    const error = await ask[name](peer.client).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect([name, (error as { code?: unknown } | undefined)?.code]).toEqual([name, code]);
    const told = `${(error as Error).message} ${JSON.stringify(error)} ${peer.lines.join('')}`;
    expect(told).not.toMatch(new RegExp(`127\\.0\\.0|${peer.port}|1\\.2\\.\\d|secret|studies|html`));
  }
});

test('a redirect is not followed, neither to another host nor to itself', async () => {
  await using elsewhere = await aPeer((_, response) => response.end('[]'));
  for (const location of [`http://127.0.0.1:${elsewhere.port}/`, '/web/other']) {
    await using peer = await aPeer((_, response) => response.writeHead(302, { location }).end());
    for (const name of ALL)
      await expect(ask[name](peer.client)).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(peer.seen.length).toBeLessThanOrEqual(ALL.length);
    expect(peer.seen.some(({ url }) => url.includes('other'))).toBe(false);
  }
  expect(elsewhere.seen).toEqual([]);
});

test('a server that failed five times in a row is left alone', async () => {
  await using peer = await aPeer((_, response) => response.writeHead(503).end());
  for (let i = 0; i < 8; i++)
    await expect(peer.client.series('1.2.1', patient)).rejects.toMatchObject({
      ...{ code: 'OVERLOADED', retryAfterSeconds: 10 },
    });
  expect(peer.seen).toHaveLength(5);
});

test('what met a broken connection is asked once more', async () => {
  let asked = 0;
  await using peer = await aPeer((_, response) => {
    asked += 1;
    response
      .writeHead(200, { ...PART, 'content-length': String(PART_HEAD.length + 9) })
      .write(`${PART_HEAD}x`);
    if (asked % 2 === 1) setImmediate(() => response.destroy());
    else response.end('\r\n--b--\r');
  });
  for (let i = 0; i < 6; i++) expect(await ask.retrieve(peer.client)).toBe(1);
  expect(asked).toBe(12);
});

test('what it does not have, and what is too large, is no fault of the server', async () => {
  await using peer = await aPeer((_, response) => response.writeHead(404).end());
  for (let i = 0; i < 5; i++) {
    expect(await peer.client.series('1.2.1', patient)).toEqual([]);
    await expect(ask.retrieve(peer.client)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  }
  expect(peer.seen).toHaveLength(10);
});

test('a caller who leaves ends the request, and is no fault of the server', async () => {
  await using peer = await aPeer(() => undefined);
  for (let i = 0; i < 4; i++) {
    const caller = new AbortController();
    const asked = peer.client.series('1.2.1', caller.signal);
    const refused = expect(asked).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expect.poll(() => peer.seen.length, { interval: 5 }).toBe(i + 1);
    caller.abort();
    await refused;
  }
});

test('what takes the file may fail by itself, which is no fault of the server', async () => {
  await using peer = await aPeer((_, response) =>
    response.writeHead(200, PART).end(`${PART_HEAD}x\r\n--b--`),
  );
  for (let i = 0; i < 4; i++)
    await expect(
      peer.client.retrieve(INSTANCE, () => Promise.reject(new Error('the disk is full')), patient),
    ).rejects.toThrow('the disk is full');
  expect(await peer.client.retrieve(INSTANCE, consumed, patient)).toBe(1);
});

test('objects that were there before count as stored; a failure does not', async () => {
  const item = (uid: string, reason?: number) => ({
    '00081155': { vr: 'UI', Value: [uid] },
    ...(reason !== undefined && { '00081197': { vr: 'US', Value: [reason] } }),
  });
  const answer = {
    '00081198': { vr: 'SQ', Value: [item('1.2.3', 0x0111), item('1.2.4', 0xa700)] },
    '00081199': { vr: 'SQ', Value: [item('1.2.5')] },
  };
  for (const text of [JSON.stringify(answer), JSON.stringify([answer])]) {
    await using peer = await aPeer((_, response) => response.writeHead(409, JSON_TYPE).end(text));
    expect(await ask.store(peer.client)).toEqual(['1.2.5', '1.2.3']);
    expect(peer.seen).toEqual([
      { method: 'POST', url: '/web/studies/1.2.1', authorization: 'Bearer secret' },
    ]);
  }
});
