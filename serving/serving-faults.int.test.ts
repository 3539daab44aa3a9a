import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningServing, startServing } from './server.ts';
import { REFUSED } from './testing/refused-requests.ts';
import { request, type TestClient, testClient } from './testing/serving-test-client.ts';

const MODELS = join(import.meta.dirname, 'models');
const config = { host: '127.0.0.1', grpcPort: 0, restPort: 0, logLevel: 'silent', workers: 1 };
const logger = pino({ level: 'silent' });

let base: string;
let server: RunningServing;
let client: TestClient;
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'models-'));
  cpSync(join(MODELS, 'covid19'), join(base, 'covid19'), { recursive: true });
  // Neither a version folder nor a model: both are to be left alone.
  mkdirSync(join(base, 'covid19/tmp-2'));
  writeFileSync(join(base, 'README'), 'x');
  mkdirSync(join(base, 'broken/3'), { recursive: true });
  writeFileSync(join(base, 'broken/3/model.onnx'), 'no network');
  mkdirSync(join(base, 'empty/1'), { recursive: true });
  server = await startServing({ ...config, modelBasePath: base }, logger);
  client = testClient(server.grpcPort);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  rmSync(base, { recursive: true });
});

const [NOT_FOUND, INVALID_ARGUMENT] = [5, 3];

test.each(REFUSED)('%s is refused as TensorFlow Serving does', async (_name, wrong, code, details) => {
  const refusal = await client.predict(wrong).then(
    () => undefined,
    (error: { code: number; details: string }) => error,
  );
  expect(refusal?.code).toBe(code);
  if (typeof details === 'string') expect(refusal?.details).toBe(details);
  else expect(refusal?.details).toMatch(details);
});

test('status and metadata are refused as TensorFlow Serving does', async () => {
  const refused = (answer: Promise<unknown>, code: number, details: string) =>
    expect(answer).rejects.toMatchObject({ code, details });
  await refused(client.status({}), INVALID_ARGUMENT, 'Missing ModelSpec');
  await refused(
    client.status({ model_spec: { name: 'm' } }),
    NOT_FOUND,
    'Could not find any versions of model m',
  );
  await refused(
    client.status({ model_spec: { name: 'covid19', version: { value: 7 } } }),
    NOT_FOUND,
    'Could not find version 7 of model covid19',
  );
  const model_spec = { name: 'covid19' };
  await refused(
    client.metadata({ model_spec }),
    INVALID_ARGUMENT,
    'GetModelMetadataRequest must specify at least one metadata_field',
  );
  await refused(
    client.metadata({ model_spec, metadata_field: ['x'] }),
    INVALID_ARGUMENT,
    'Metadata field x is not supported',
  );
  await refused(
    client.metadata({ model_spec: { name: 'm' }, metadata_field: ['signature_def'] }),
    NOT_FOUND,
    'Servable not found for request: Latest(m)',
  );
});

test('a message of more than 1024 characters is cut', async () => {
  const name = 'x'.repeat(3_000);
  const refusal = await client
    .predict({ ...request(1), model_spec: { name } })
    .catch((error: { details: string }) => error);
  expect((refusal as { details: string }).details).toMatch(
    /^Servable not found for request: Latest\(x+\.\.\.TRUNCATED$/,
  );
});

test('a model that cannot be loaded ends in END, says no path, and leaves the others alone', async () => {
  for (const [name, version] of [
    ['broken', '3'],
    ['empty', '1'],
  ]) {
    const { model_version_status } = await client.status({ model_spec: { name } });
    expect(model_version_status).toMatchObject([{ version, state: 'END', status: { error_code: 2 } }]);
    expect(model_version_status[0]?.status.error_message).not.toMatch(/\/|onnx|Error:/);
  }
  expect((await client.status({ model_spec: { name: 'covid19' } })).model_version_status).toMatchObject([
    { version: '1', state: 'AVAILABLE' },
  ]);
  expect((await fetch(`http://127.0.0.1:${server.restPort}/readyz`)).status).toBe(200);
});
