import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chestElements, dicomFile } from '../../subgraphs/imaging/testing/dicom-file.ts';
import { drawPhantom, PHANTOM_EDGE } from '../web/phantom.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { ask, picture, type System, startSystem } from './system.ts';

const CLASSES = ['Covid19', 'Normal_Lung', 'Pneumonia_Bacterial_Lung'];

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

type Body = URLSearchParams | FormData | string;

async function post(path: string, body: Body, headers: Record<string, string> = {}, base = system.url) {
  const answer = await fetch(`${base}/covid19/api/v1/${path}`, { method: 'POST', body, headers });
  const told = (await answer.json()) as Record<string, unknown> & {
    errors?: { message: string; extensions: { code: string } }[];
  };
  return { status: answer.status, headers: answer.headers, told, code: told.errors?.[0]?.extensions.code };
}

const urlencoded = (b64: string) => new URLSearchParams({ b64 });
function multipart(b64: string): FormData {
  const form = new FormData();
  form.set('b64', b64);
  return form;
}
const base64 = async (format: 'jpeg' | 'png', seed: number) =>
  (await picture(format, seed)).toString('base64');

test('the service says that it lives', async () => {
  const answer = await fetch(`${system.url}/covid19/api/v1/healthcheck`);
  expect([answer.status, await answer.text()]).toEqual([200, 'Covid19 detector API is live!']);
});

test.each<[string, string, (b64: string) => Body]>([
  ['urlencoded', 'predict/', urlencoded],
  ['urlencoded, without the last slash', 'predict', urlencoded],
  ['urlencoded, with plus signs that nobody escaped', 'predict/', (b64) => `b64=${b64}`],
  ['multipart', 'predict/', multipart],
  ['a data URL', 'predict/', (b64) => urlencoded(`data:image/jpeg;base64,${b64}`)],
  ['lines of 76 characters', 'predict/', (b64) => urlencoded(b64.replace(/.{76}/g, '$&\r\n'))],
])('a form is read: %s', async (_name, path, form) => {
  const body = form(await base64('jpeg', 301));
  const headers: Record<string, string> =
    typeof body === 'string' ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  const { status, told, headers: answered } = await post(path, body, headers);
  expect(status).toBe(200);
  expect(Object.keys(told)).toEqual([
    'model_name',
    'X-Ray_Classification_Result',
    'X-Ray_Classfication_Raw_Result',
    'Decision',
    'Notice',
  ]);
  expect(told.Notice).toBe('Not for clinical use');
  expect(answered.get('x-notice')).toBe('Not for clinical use');
  const [raw] = told['X-Ray_Classfication_Raw_Result'] as [number[]];
  expect(raw).toHaveLength(3);
  expect(raw.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
  expect(told['X-Ray_Classification_Result']).toBe(CLASSES[raw.indexOf(Math.max(...raw))]);
});

test('the picture is the one that the graph knows: same probabilities, one inference', async () => {
  await post('predict/', multipart(await base64('png', 302)));
  const { told } = await post('predict/', urlencoded(await base64('png', 302)));
  const { data } = await ask(
    system.url,
    '{ radiographs(first: 1) { nodes { format classification { cached findings { code probability } } } } }',
  );
  const { radiographs } = data as unknown as {
    radiographs: {
      nodes: {
        format: string;
        classification: { cached: boolean; findings: { code: string; probability: number }[] };
      }[];
    };
  };
  const [newest] = radiographs.nodes;
  expect(newest).toMatchObject({ format: 'PNG', classification: { cached: true } });
  const byCode = new Map(newest?.classification.findings.map(({ code, probability }) => [code, probability]));
  const ordered = ['COVID19', 'NORMAL', 'PNEUMONIA_BACTERIAL'].map((code) => byCode.get(code));
  expect(told['X-Ray_Classfication_Raw_Result']).toEqual([ordered]);
});

test('the heatmap comes as the address of a picture, beside that of the radiograph', async () => {
  const { status, told } = await post('predict/heatmap', multipart(await base64('jpeg', 303)));
  expect(status).toBe(200);
  // Such a pattern is no radiograph: the sentences of 2020 would all be untrue.
  expect(told).toMatchObject({
    'X-Ray_Classification_Result': 'INCONCLUSIVE',
    'X-Ray_Classification_Covid19_Probability': expect.any(Number),
    Decision: 'INDETERMINATE',
  });
  const [[covid]] = told['X-Ray_Classfication_Raw_Result'] as [[number]];
  expect(told['X-Ray_Classification_Covid19_Probability']).toBe(covid);
  for (const key of ['Input_Image', 'Output_Heatmap']) {
    const answer = await fetch(String(told[key]));
    expect(answer.headers.get('content-type'), key).toBe('image/jpeg');
    const { width, height } = await sharp(await answer.arrayBuffer()).metadata();
    expect([width, height], key).toEqual([300, 240]);
  }
});

test('a DICOM file is read as a picture is, and what is no chest radiograph is refused', async () => {
  const pixels = Uint16Array.from(drawPhantom(), (grey) => grey * 16);
  const dicom = (more = {}) =>
    dicomFile(chestElements(pixels, PHANTOM_EDGE, more), { start: 'PREAMBLE' }).toString('base64');
  const { status, told } = await post('predict/heatmap', multipart(dicom()));
  expect([status, told['X-Ray_Classfication_Raw_Result']]).toEqual([
    200,
    [[...Array(3)].map(() => expect.any(Number))],
  ]);
  const shown = await sharp(await (await fetch(String(told.Input_Image))).arrayBuffer()).metadata();
  expect([shown.width, shown.height]).toEqual([PHANTOM_EDGE, PHANTOM_EDGE]);
  expect(await post('predict/', urlencoded(dicom({ '00180015': ['CS', 'FOOT'] })))).toMatchObject({
    status: 415,
    code: 'UNSUPPORTED_IMAGE',
  });
});

test.each<[string, number, string, () => Body | Promise<Body>]>([
  ['no field b64', 400, 'BAD_USER_INPUT', () => new URLSearchParams({ file: 'AAAA' })],
  [
    'no field b64 in multipart',
    400,
    'BAD_USER_INPUT',
    () => {
      const form = new FormData();
      form.set('picture', 'AAAA');
      return form;
    },
  ],
  ['an empty field', 400, 'BAD_USER_INPUT', () => urlencoded('')],
  ['a data URL of nothing', 400, 'BAD_USER_INPUT', () => urlencoded('data:image/png;base64,')],
  ['no base64', 400, 'BAD_USER_INPUT', () => urlencoded('{"not": "base64"}')],
  [
    'base64 of no picture',
    415,
    'UNSUPPORTED_IMAGE',
    () => urlencoded(Buffer.from('a text').toString('base64')),
  ],
  [
    'a torn picture',
    415,
    'UNSUPPORTED_IMAGE',
    async () => urlencoded((await base64('jpeg', 304)).slice(0, 4_000)),
  ],
  [
    'a file over the limit',
    413,
    'FILE_TOO_LARGE',
    () => {
      const file = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(2 * 1024 * 1024)]);
      return multipart(file.toString('base64'));
    },
  ],
  ['a form over the limit', 413, 'FILE_TOO_LARGE', () => urlencoded('A'.repeat(5 * 1024 * 1024))],
])('%s is refused with %i', async (_name, status, code, body) => {
  for (const path of ['predict/', 'predict/heatmap']) {
    const answer = await post(path, await body());
    expect({ status: answer.status, code: answer.code }).toEqual({ status, code });
  }
});

test('no form at all is refused', async () => {
  for (const type of ['application/json', 'multipart/form-data', 'text/plain'])
    expect(await post('predict/', '{}', { 'content-type': type })).toMatchObject({
      status: 400,
      code: 'BAD_USER_INPUT',
    });
});

test('a form that is too large is refused before its body is read', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '60000000' };
  const sent = request(`${system.url}/covid19/api/v1/predict/`, { method: 'POST', headers });
  const answered = once(sent, 'response');
  // Nothing of the body ever comes.
  sent.flushHeaders();
  const [answer] = (await answered) as [IncomingMessage];
  expect(answer.statusCode).toBe(413);
  sent.destroy();
});

test('a form that says nothing of its length is refused as soon as it is too large', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const sent = request(`${system.url}/covid19/api/v1/predict/`, { method: 'POST', headers });
  const answered = once(sent, 'response');
  sent.write('b64=');
  sent.end('A'.repeat(4 * 1024 * 1024));
  const [answer] = (await answered) as [IncomingMessage];
  expect(answer.statusCode).toBe(413);
  sent.destroy();
});

test('a client that breaks off leaves nothing, and others are served', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '1000000' };
  const sent = request(`${system.url}/covid19/api/v1/predict/`, { method: 'POST', headers });
  const broken = once(sent, 'error');
  sent.write('b64=AAAA');
  sent.on('socket', (socket) => socket.once('connect', () => sent.destroy(new Error('gone'))));
  await broken;
  expect((await post('predict/', urlencoded(await base64('jpeg', 309)))).status).toBe(200);
});

test('the page of another site cannot send a form; one of this address can', async () => {
  const b64 = await base64('jpeg', 305);
  const foreign = await post('predict/', urlencoded(b64), { origin: 'https://evil.example' });
  expect(foreign).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  expect((await post('predict/', urlencoded(b64), { origin: system.url })).status).toBe(200);
});

test('a caller over its limit is refused, probes are not', async () => {
  await using counted = await startSystem({ gateway: { RATE_LIMIT: '1' } });
  const b64 = await base64('jpeg', 306);
  expect((await post('predict/', urlencoded(b64), {}, counted.url)).status).toBe(200);
  expect(await post('predict/', urlencoded(b64), {}, counted.url)).toMatchObject({
    status: 429,
    code: 'RATE_LIMITED',
  });
  expect((await fetch(`${counted.url}/covid19/api/v1/healthcheck`)).status).toBe(200);
});

test('without a model server the caller is told to come back', async () => {
  await using down = await startSystem({ serving: 'dead', requestMs: 2_000 });
  const { status, code } = await post('predict/', urlencoded(await base64('jpeg', 307)), {}, down.url);
  expect([503, 504]).toContain(status);
  expect(['MODEL_UNAVAILABLE', 'DEADLINE_EXCEEDED']).toContain(code);
});

test('a token and its scope are asked for', async () => {
  await using provider = await startIdentityProvider();
  await using guarded = await startSystem({ gateway: provider.settings });
  const b64 = await base64('jpeg', 308);
  const asked = async (authorization?: string) =>
    post('predict/', urlencoded(b64), { ...(authorization && { authorization }) }, guarded.url);
  expect(await asked()).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  expect(await asked(`Bearer ${await provider.token({ scope: 'radiograph:read' })}`)).toMatchObject({
    status: 403,
    code: 'FORBIDDEN',
  });
  expect((await asked(`Bearer ${await provider.token({ scope: 'radiograph:write' })}`)).status).toBe(200);
});
