import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.ts';
import { ask, picture, startSystem, upload } from './system.ts';

/** A busy machine is slow. */
const PATIENCE = { timeout: 60_000 };
vi.setConfig({ testTimeout: 150_000 });

const UPLOAD = `mutation MARKERname($files: [Upload!]!) {
  radiographUpload(input: { files: $files, patientId: "7" }) { jobs { id } userErrors { code } } }`;
const READ = `query MARKERname($id: ID!) { job(id: $id) { state radiograph { classification { decision }
  heatmap { image { url } } patient { icuRisk { probability } } } } }`;

const traced = (receiver: OtlpReceiver, more: Record<string, string> = {}) =>
  startSystem({ everywhere: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, gateway: more });

const post = (url: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: '{ patient(id: "7") { id } }' }),
  });

/** The names from the root of its trace down to a span, each with its service. */
function path(span: ReceivedSpan, spans: readonly ReceivedSpan[]): string[] {
  const above = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(above ? path(above, spans) : []), `${span.service}: ${span.name}`];
}

const where = (spans: readonly ReceivedSpan[], service: string, name: string) =>
  spans.find((span) => span.service === service && span.name === name);

test('an upload is one trace, through the queue down to the model server, and a read another', async () => {
  await using receiver = await startOtlpReceiver();
  await using system = await traced(receiver);
  const sent = await upload(system.url, UPLOAD, [await picture('png', 11)]);
  const [{ id }] = (sent.data as never as { radiographUpload: { jobs: [{ id: string }] } }).radiographUpload
    .jobs;
  const state = async () => (await ask(system.url, READ, { id })).data as never as { job: { state: string } };
  await expect.poll(async () => (await state()).job.state, PATIENCE).toBe('SUCCEEDED');
  const network = () => where(receiver.spans, 'serving', 'run network');
  await expect.poll(network, PATIENCE).toBeDefined();
  const job = () => where(receiver.spans, 'imaging', 'process jobs');
  await expect.poll(job, PATIENCE).toBeDefined();
  const roots = () => receiver.spans.filter(({ parentSpanId }) => parentSpanId === '');
  await expect.poll(() => roots().length, PATIENCE).toBeGreaterThan(1);

  const call = 'tensorflow.serving.PredictionService/Predict';
  expect(path(network() as ReceivedSpan, receiver.spans)).toEqual([
    ...['gateway: POST /graphql', 'gateway: POST /graphql', 'imaging: POST /graphql'],
    ...['imaging: process jobs', `imaging: ${call}`, `serving: ${call}`, 'serving: run network'],
  ]);
  const [up] = receiver.spans.filter(({ name }) => name === 'blob keep');
  expect(up && path(up, receiver.spans)).toEqual(['gateway: POST /graphql', 'gateway: blob keep']);
  const drawn = () => where(receiver.spans, 'heatmap', 'draw heatmap');
  await expect.poll(drawn, PATIENCE).toBeDefined();
  expect(path(drawn() as ReceivedSpan, receiver.spans)).toEqual([
    ...['gateway: POST /graphql', 'gateway: POST /graphql', 'heatmap: POST /graphql'],
    'heatmap: draw heatmap',
  ]);
  await expect.poll(() => where(receiver.spans, 'icu', 'icu model assessKnown'), PATIENCE).toBeDefined();

  const asked = receiver.spans.filter(({ service, kind }) => service === 'gateway' && kind === 3);
  expect(new Set(asked.map(({ attributes }) => attributes['peer.service']))).toEqual(
    new Set(['imaging', 'heatmap', 'icu']),
  );
  expect(where(receiver.spans, 'imaging', call)?.attributes).toEqual({
    ...{ 'rpc.system': 'grpc', 'rpc.service': call.split('/')[0], 'rpc.method': 'Predict' },
    ...{ 'radiograph.pool': 'embedded', 'radiograph.batch.size': 1, 'rpc.grpc.status_code': 0 },
  });
  const told = new Set(
    receiver.spans.flatMap(({ attributes }) =>
      Object.entries(attributes).map(([key, value]) => `${key}=${value}`),
    ),
  );
  expect(
    [...told].filter((one) => /MARKER|127\.0\.0\.1|localhost|[0-9a-f]{8}-|\/tmp|SELECT/i.test(one)),
  ).toEqual([]);
  expect(receiver.bodies.join()).not.toMatch(/MARKER|"7"|file-0/);
});

test('a failure is told in its trace by its code, to a collector that wants a header', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-collector-key=sesame');
  onTestFinished(() => void vi.unstubAllEnvs());
  await using receiver = await startOtlpReceiver();
  await using system = await startSystem({
    icu: 'dead',
    everywhere: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
  });
  await ask(system.url, '{ patient(id: "7") { icuRisk { probability } } }');
  const call = () => receiver.spans.find(({ attributes }) => attributes['peer.service'] === 'icu');
  await expect.poll(call, PATIENCE).toMatchObject({
    failed: true,
    attributes: { 'error.type': 'unreachable' },
  });
  expect(receiver.headers()['x-collector-key']).toBe('sesame');
});

const THEIRS = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
const UNSAMPLED = { traceparent: '00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-00' };

test("a client's trace is believed only behind a trusted proxy", async () => {
  await using receiver = await startOtlpReceiver();
  const heard = (traceId: string) => receiver.spans.filter((span) => span.traceId === traceId);
  {
    await using system = await traced(receiver);
    await post(system.url, THEIRS);
    await post(system.url, UNSAMPLED);
    await post(system.url, { traceparent: 'nonsense' });
    const roots = () => receiver.spans.filter(({ service, kind }) => service === 'gateway' && kind === 2);
    await expect.poll(() => roots().length, PATIENCE).toBe(3);
    expect(roots().map(({ parentSpanId }) => parentSpanId)).toEqual(['', '', '']);
  }
  expect(heard('0af7651916cd43dd8448eb211c80319c')).toEqual([]);
  await using system = await traced(receiver, { TRUSTED_PROXIES: 'loopback' });
  await post(system.url, UNSAMPLED);
  await post(system.url, THEIRS);
  const theirs = () => heard('0af7651916cd43dd8448eb211c80319c');
  await expect.poll(() => where(theirs(), 'icu', 'POST /graphql'), PATIENCE).toBeDefined();
  const begun = () => theirs().filter(({ parentSpanId }) => parentSpanId === 'b7ad6b7169203331');
  await expect.poll(() => begun().length, PATIENCE).toBe(1);
  expect(heard('0af7651916cd43dd8448eb211c80319d')).toEqual([]);
});

test('a collector that takes connections and never answers delays no request, and no end by much', async () => {
  const mute = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const url = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  const system = await startSystem({ everywhere: { OTEL_EXPORTER_OTLP_ENDPOINT: url } });
  try {
    for (let i = 0; i < 200; i += 1) expect((await post(system.url)).status).toBe(200);
  } finally {
    const before = performance.now();
    await system[Symbol.asyncDispose]();
    expect(performance.now() - before).toBeLessThan(15_000);
    mute.close();
  }
});
