import { createClient as createSseClient } from 'graphql-sse';
import { createClient } from 'graphql-ws';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { ask, picture, type System, startSystem, upload } from './system.ts';

const UPLOAD = `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files, patientId: "7" }) { jobs { id state } userErrors { code message field } } }`;
const STATUS = `subscription ($id: ID!) { jobStatus(id: $id) { state progress error { code }
  radiograph { classification { finding { code probability } cached } heatmap { image { url width height } } patient { icuRisk { probability } } } } }`;

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

type Uploaded = { jobs: { id: string }[]; userErrors: { code: string; field: string[] }[] };
type Event = {
  state: string;
  radiograph: { classification: object | null; heatmap: { image: { url: string } } | null };
};

async function uploaded(files: readonly Buffer[]): Promise<Uploaded> {
  const { data, errors } = await upload(system.url, UPLOAD, files);
  expect(errors).toBeUndefined();
  return (data as unknown as { radiographUpload: Uploaded }).radiographUpload;
}

test('an uploaded radiograph is followed over graphql-ws to its classification, heatmap and risk in one event', async () => {
  const { jobs } = await uploaded([await picture('jpeg', 1)]);
  const client = createClient({
    url: `${system.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  });
  let last: Event | undefined;
  for await (const { data, errors } of client.iterate({ query: STATUS, variables: { id: jobs[0]?.id } })) {
    expect(errors).toBeUndefined();
    last = (data as { jobStatus: Event }).jobStatus;
  }
  await client.dispose();
  expect(last).toMatchObject({
    state: 'SUCCEEDED',
    radiograph: {
      classification: { finding: { code: expect.any(String), probability: expect.any(Number) } },
      heatmap: { image: { width: 300, height: 240 } },
      patient: { icuRisk: { probability: expect.any(Number) } },
    },
  });
  const image = await fetch(system.url + last?.radiograph.heatmap?.image.url);
  expect(image.headers.get('content-type')).toBe('image/jpeg');
  const { width, height, channels } = await sharp(Buffer.from(await image.arrayBuffer())).metadata();
  expect({ width, height, channels }).toEqual({ width: 300, height: 240, channels: 3 });
});

test('a late subscriber over server-sent events sees the final state', async () => {
  const { jobs } = await uploaded([await picture('png', 2)]);
  const read = () => ask(system.url, 'query ($id: ID!) { job(id: $id) { state } }', { id: jobs[0]?.id });
  await expect.poll(read, { timeout: 10_000 }).toMatchObject({ data: { job: { state: 'SUCCEEDED' } } });
  const client = createSseClient({ url: `${system.url}/graphql` });
  const states: string[] = [];
  for await (const { data } of client.iterate({ query: STATUS, variables: { id: String(jobs[0]?.id) } }))
    states.push((data as { jobStatus: Event }).jobStatus.state);
  client.dispose();
  expect(states).toEqual(['SUCCEEDED']);
});

test('files that are no pictures are named, and the others go on', async () => {
  const jpeg = await picture('jpeg', 3);
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  const files = [svg, jpeg, Buffer.alloc(0), jpeg.subarray(0, jpeg.length >> 1), Buffer.alloc(3 << 20, 0xff)];
  const jpegHead = Buffer.concat([jpeg.subarray(0, 3), Buffer.alloc(3 << 20)]);
  const { jobs, userErrors } = await uploaded([...files, jpegHead]);
  expect(jobs).toHaveLength(1);
  expect(userErrors.map(({ code, field }) => [field.at(-1), code])).toEqual([
    ['0', 'UNSUPPORTED_IMAGE'],
    ['2', 'UNSUPPORTED_IMAGE'],
    ['3', 'UNSUPPORTED_IMAGE'],
    ['4', 'UNSUPPORTED_IMAGE'],
    ['5', 'FILE_TOO_LARGE'],
  ]);
});

test('a value that a client wrote in place of a file is refused', async () => {
  const query = UPLOAD;
  const { data } = await ask(system.url, query, { files: ['made-up.claim', { address: 'x' }] });
  const { jobs, userErrors } = (data as unknown as { radiographUpload: Uploaded }).radiographUpload;
  expect(jobs).toEqual([]);
  expect(userErrors.map(({ code }) => code)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
});

test('a subscription to an unknown job ends with NOT_FOUND', async () => {
  const client = createClient({
    url: `${system.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  });
  const results = [];
  for await (const result of client.iterate({ query: STATUS, variables: { id: 'nobody' } }))
    results.push(result);
  await client.dispose();
  expect(results).toMatchObject([{ errors: [{ extensions: { code: 'NOT_FOUND' } }] }]);
});

test('a dead model server fails the classification with MODEL_UNAVAILABLE', { timeout: 40_000 }, async () => {
  await using dead = await startSystem({ serving: 'dead' });
  const query = `mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) { jobs { id } } }`;
  const { data } = await upload(dead.url, query, [await picture('jpeg', 4)]);
  const id = (data as unknown as { radiographUpload: Uploaded }).radiographUpload.jobs[0]?.id;
  const read = () => ask(dead.url, 'query ($id: ID!) { job(id: $id) { state error { code } } }', { id });
  await expect
    .poll(read, { timeout: 30_000, interval: 200 })
    .toMatchObject({ data: { job: { state: 'FAILED', error: { code: 'MODEL_UNAVAILABLE' } } } });
});
