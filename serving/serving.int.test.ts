import { connect } from 'node:http2';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type RunningServing, startServing } from './server.ts';
import { pixels, request, rows, type TestClient, tensor, testClient } from './testing/serving-test-client.ts';

const config = {
  host: '127.0.0.1',
  grpcPort: 0,
  restPort: 0,
  logLevel: 'silent',
  modelBasePath: join(import.meta.dirname, 'models'),
  workers: 2,
};
const logger = pino({ level: 'silent' });

let server: RunningServing;
let client: TestClient;
beforeAll(async () => {
  server = await startServing(config, logger);
  client = testClient(server.grpcPort);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const shapeOf = (output: { tensor_shape: { dim: { size: string }[] } } | undefined) =>
  output?.tensor_shape.dim.map(({ size }) => Number(size));

test('a batch is answered with probabilities that sum to 1, the maps, and the version that answered', async () => {
  const { outputs, model_spec } = await client.predict(request(2));
  expect(shapeOf(outputs.probabilities)).toEqual([2, 3]);
  expect(shapeOf(outputs.cams)).toEqual([2, 16, 16, 3]);
  for (const row of rows(outputs.probabilities)) expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
  expect(model_spec).toMatchObject({
    name: 'covid19',
    version: { value: '1' },
    signature_name: 'serving_default',
  });
});

test('eleven pictures in one request are answered as one by one, in their order', async () => {
  const { outputs } = await client.predict(request(11));
  const together = rows(outputs.probabilities);
  const maps = rows(outputs.cams);
  for (let i = 0; i < 11; i += 1) {
    const alone = await client.predict(request(1, i));
    const [probabilities] = rows(alone.outputs.probabilities);
    expect(
      Math.max(...(probabilities ?? []).map((p, c) => Math.abs(p - (together[i]?.[c] ?? 0)))),
    ).toBeLessThan(1e-5);
    const [map] = rows(alone.outputs.cams);
    expect(Math.max(...(map ?? []).map((m, k) => Math.abs(m - (maps[i]?.[k] ?? 0))))).toBeLessThan(1e-3);
  }
  expect(new Set(together.map((row) => row[0]?.toFixed(6))).size).toBeGreaterThan(5);
});

test('values in int_val mean the same as bytes, and the last one repeats', async () => {
  const content = pixels(1);
  const { tensor_content: _, ...shaped } = tensor(content, [1, 256, 256, 3]);
  const ask = (input: object) => client.predict({ model_spec: { name: 'covid19' }, inputs: { input } });
  const bytes = await client.predict(request(1));
  expect((await ask({ ...shaped, int_val: [...content] })).outputs.cams).toEqual(bytes.outputs.cams);
  const grey = await ask(tensor(Buffer.alloc(content.length, 7), [1, 256, 256, 3]));
  expect((await ask({ ...shaped, int_val: [7] })).outputs.cams).toEqual(grey.outputs.cams);
});

test('a few bytes that claim a batch of gigabytes are refused before they are filled out', async () => {
  const { tensor_content: _, ...shaped } = tensor(pixels(1), [1_000_000_000, 256, 256, 3]);
  const asked = client.predict({
    model_spec: { name: 'covid19' },
    inputs: { input: { ...shaped, int_val: [7] } },
  });
  await expect(asked).rejects.toMatchObject({
    code: 3,
    details: 'Task size 1000000000 is larger than maximum input batch size 64',
  });
});

test('an output filter leaves the other outputs out; a version may be named', async () => {
  const { outputs } = await client.predict({
    ...request(1),
    model_spec: { name: 'covid19', version: { value: 1 } },
    output_filter: ['cams'],
  });
  expect(Object.keys(outputs)).toEqual(['cams']);
});

test('the signature is that of the network, with a free batch', async () => {
  const answer = await client.metadata({
    model_spec: { name: 'covid19' },
    metadata_field: ['signature_def'],
  });
  expect(answer.metadata.signature_def?.type_url).toBe(
    'type.googleapis.com/tensorflow.serving.SignatureDefMap',
  );
  const { serving_default: signature } = client.signatures(answer);
  expect(signature?.inputs.input?.dtype).toBe('DT_UINT8');
  expect(shapeOf(signature?.inputs.input)).toEqual([-1, 256, 256, 3]);
  expect(shapeOf(signature?.outputs.probabilities)).toEqual([-1, 3]);
  expect(shapeOf(signature?.outputs.cams)).toEqual([-1, 16, 16, 3]);
});

test('the status is told over gRPC and over REST in the words of TensorFlow Serving', async () => {
  const { model_version_status } = await client.status({ model_spec: { name: 'covid19' } });
  expect(model_version_status).toEqual([
    { version: '1', state: 'AVAILABLE', status: { error_code: 0, error_message: '' } },
  ]);
  const [inWords] = model_version_status.map((one) => ({
    ...one,
    status: { error_code: 'OK', error_message: '' },
  }));
  const rest = `http://127.0.0.1:${server.restPort}/v1/models`;
  for (const path of ['covid19', 'covid19/versions/1']) {
    const answer = await fetch(`${rest}/${path}`);
    expect([answer.status, await answer.json()]).toEqual([200, { model_version_status: [inWords] }]);
  }
  for (const [path, error] of [
    ['other', 'Could not find any versions of model other'],
    ['covid19/versions/7', 'Could not find version 7 of model covid19'],
  ]) {
    const answer = await fetch(`${rest}/${path}`);
    expect([answer.status, await answer.json()]).toEqual([404, { error }]);
  }
});

test('the signature is told over REST as TensorFlow Serving tells it', async () => {
  const rest = `http://127.0.0.1:${server.restPort}/v1/models/covid19`;
  const dims = (...sizes: number[]) => ({
    dim: sizes.map((size) => ({ size: String(size), name: '' })),
    unknown_rank: false,
  });
  for (const path of ['metadata', 'versions/1/metadata']) {
    const answer = await fetch(`${rest}/${path}`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      model_spec: { name: 'covid19', signature_name: '', version: '1' },
      metadata: {
        signature_def: {
          signature_def: {
            serving_default: {
              inputs: { input: { dtype: 'DT_UINT8', tensor_shape: dims(-1, 256, 256, 3), name: 'input' } },
              outputs: {
                probabilities: { dtype: 'DT_FLOAT', tensor_shape: dims(-1, 3), name: 'probabilities' },
              },
              method_name: 'tensorflow/serving/predict',
            },
          },
        },
      },
    });
  }
  const unknown = await fetch(`${rest}/versions/7/metadata`);
  expect([unknown.status, await unknown.json()]).toEqual([
    404,
    { error: 'Servable not found for request: Specific(covid19, 7)' },
  ]);
});

test('a caller may send a batch without waiting for the window to open again', async () => {
  const session = connect(`http://127.0.0.1:${server.grpcPort}`);
  const window = () => [session.remoteSettings.initialWindowSize, session.state.remoteWindowSize];
  await vi.waitFor(() => expect(window()).toEqual([4 << 20, 4 << 20]));
  session.close();
});

test('200 requests at once are all answered, and the metrics count them', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => client.predict(request(1, i % 7))));
  expect(answers.filter(({ outputs }) => rows(outputs.probabilities).length === 1)).toHaveLength(200);
  const metrics = await (await fetch(`http://127.0.0.1:${server.restPort}/metrics`)).text();
  expect(metrics).toMatch(/\{.*method="Predict".*code="OK".*\} \d{3}/);
});

test('calls in flight are finished when the server stops', async () => {
  const stopping = await startServing(config, logger);
  using last = testClient(stopping.grpcPort);
  await last.predict(request(1));
  const pending = last.predict(request(24));
  await last.status({ model_spec: { name: 'covid19' } });
  await stopping[Symbol.asyncDispose]();
  expect(shapeOf((await pending).outputs.probabilities)).toEqual([24, 3]);
});
