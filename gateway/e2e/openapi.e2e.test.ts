import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openApiDocument } from '../openapi/openapi-document.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { picture, type System, startSystem } from './system.ts';

/** Pages for people, and the files that they are made of. */
const PAGES = /^\/(?:|explorer|docs|(?:assets|explorer|docs)\/.*|[\w-]+\.(?:js|css|html|png|svg|ico|md))$/;

type Answered = { description: string; content?: Record<string, { schema: object }> };
type Told = {
  operationId: string;
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string; example?: unknown }[];
  requestBody?: { content: Record<string, { example?: unknown; schema: { $ref?: string } }> };
  responses: Record<string, Answered>;
};
type Document = {
  paths: Record<string, Record<string, Told>>;
  components: { schemas: Record<string, { properties?: Record<string, { examples?: string[] }> }> };
};
type Route = { method: string; url: string };

let system: System;
let routes: Route[];
let document: Document;
let operations: { method: string; path: string; operation: Told }[];
let ajv: Ajv2020;

/** Every route of the gateway: those of the servers beside it, which start in the same process, are left out. */
async function startWatched(): Promise<Route[]> {
  const byServer: Route[][] = [];
  const watch = (message: unknown) => {
    const seen: Route[] = [];
    byServer.push(seen);
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) seen.push({ method: one, url });
    });
  };
  subscribe('fastify.initialization', watch);
  system = await startSystem();
  unsubscribe('fastify.initialization', watch);
  const ofGateway = byServer.filter((seen) => seen.some(({ url }) => url === '/files/:token'));
  expect(ofGateway).toHaveLength(1);
  return ofGateway[0] ?? [];
}

beforeAll(async () => {
  routes = await startWatched();
  document = (await (await fetch(`${system.url}/docs/openapi.json`)).json()) as Document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'openapi');
});
afterAll(() => system[Symbol.asyncDispose]());

const withoutLastSlash = (path: string) => path.replace(/(.)\/$/, '$1');
/** Whether a path of the document is one of those that a route takes. */
const takes = (url: string, path: string) =>
  new RegExp(`^${withoutLastSlash(url).replace(/:\w+/g, '[^/]+')}$`).test(withoutLastSlash(path));

test('every route is in the document, is a page, or refuses its method', async () => {
  expect(routes.length).toBeGreaterThan(40);
  const missing: string[] = [];
  for (const { method, url } of routes) {
    // HEAD comes with GET, OPTIONS is asked by browsers.
    if (method === 'HEAD' || method === 'OPTIONS' || PAGES.test(url)) continue;
    const isTold = operations.some((one) => one.method === method.toLowerCase() && takes(url, one.path));
    if (isTold) continue;
    const { status } = await fetch(system.url + url, { method });
    if (status !== 405) missing.push(`${method} ${url}: ${status}`);
  }
  expect(missing).toEqual([]);
});

test('every operation of the document has a route', () => {
  const untrue = operations.filter(
    ({ method, path }) =>
      !routes.some((route) => route.method.toLowerCase() === method && takes(route.url, path)),
  );
  expect(untrue).toEqual([]);
});

/** Operations whose example names what only another answer hands out. */
const OF_NOBODY: Record<string, number> = {
  file: 404,
  fhirRiskAssessment: 410,
  fhirDiagnosticReport: 404,
  fhirObservation: 404,
};
const tried = new Set<string>();

/** Sends a request of the operation; its status, media type and body must be those of the document. */
async function ask(operationId: string, url: string, init: RequestInit = {}, base = system.url) {
  const found = operations.find(({ operation }) => operation.operationId === operationId);
  if (!found) throw new Error(`There is no operation ${operationId}`);
  const { method, path, operation } = found;
  const answer = await fetch(base + url, { ...init, method: method.toUpperCase() });
  const { status } = answer;
  const told = operation.responses[status];
  expect(told, `${operationId} may answer ${status}`).toBeDefined();
  tried.add(`${operationId} ${status}`);
  const text = await answer.text();
  if (!told?.content) {
    expect(text).toBe('');
    return { status, headers: answer.headers, body: undefined };
  }
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  expect(Object.keys(told.content), `${operationId} answers ${status} as ${type}`).toContain(type);
  const body: unknown = type.includes('json') ? JSON.parse(text) : text;
  const pointer = ['paths', path, method, 'responses', status, 'content', type, 'schema']
    .map((key) => encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const isValid = ajv.compile({ $ref: `openapi#/${pointer}` });
  expect(isValid(body) ? [] : isValid.errors, `${operationId} ${status}: ${text.slice(0, 500)}`).toEqual([]);
  return { status, headers: answer.headers, body };
}

/** What the document itself gives as an example. */
function examples({ path, operation }: (typeof operations)[number]): [url: string, init: RequestInit][] {
  const { parameters = [], requestBody } = operation;
  const url = new URL(path, system.url);
  const headers: Record<string, string> = {};
  for (const { name, in: place, example } of parameters) {
    if (example === undefined) continue;
    if (place === 'path')
      url.pathname = url.pathname.replace(encodeURIComponent(`{${name}}`), String(example));
    if (place === 'query') url.searchParams.set(name, String(example));
    if (place === 'header') headers[name] = String(example);
  }
  const address = url.pathname + url.search;
  if (!requestBody) return [[address, { headers }]];
  return Object.entries(requestBody.content).flatMap(([type, body]): [string, RequestInit][] => {
    if (type === 'application/json')
      return [[address, { ...json(body.example), headers: { ...headers, 'content-type': type } }]];
    const form = type === 'multipart/form-data' ? new FormData() : new URLSearchParams();
    const schema = document.components.schemas[body.schema.$ref?.split('/').at(-1) ?? ''];
    for (const [key, { examples: [value] = [] }] of Object.entries(schema?.properties ?? {}))
      if (value !== undefined) form.set(key, value);
    return [...form].length > 0 ? [[address, { headers, body: form }]] : [];
  });
}

test('every example of the document is answered as the document says', async () => {
  for (const one of operations)
    for (const [url, init] of examples(one)) {
      const { status } = await ask(one.operation.operationId, url, init);
      expect(status, one.operation.operationId).toBe(OF_NOBODY[one.operation.operationId] ?? 200);
    }
});

test('what an operation hands out is answered by the next', async () => {
  const { body } = await ask('fhirPatientIcuRisk', '/fhir/Patient/7/$icu-risk');
  await ask('fhirRiskAssessment', `/fhir/RiskAssessment/${(body as { id: string }).id}`);
  const form = new URLSearchParams({ b64: (await picture('png', 401)).toString('base64') });
  const told = await ask('covid19PredictHeatmap', '/covid19/api/v1/predict/heatmap', { body: form });
  const { Input_Image, Output_Heatmap } = told.body as Record<'Input_Image' | 'Output_Heatmap', string>;
  for (const address of [Input_Image, Output_Heatmap])
    expect((await ask('file', new URL(address).pathname)).status).toBe(200);
  const newest = json({ query: '{ radiographs(first: 1) { nodes { id } } }' });
  const { data } = (await ask('graphql', '/graphql', newest)).body as {
    data: { radiographs: { nodes: { id: string }[] } };
  };
  const report = await ask('fhirDiagnosticReport', `/fhir/DiagnosticReport/${data.radiographs.nodes[0]?.id}`);
  const { result, presentedForm } = report.body as Record<
    'result' | 'presentedForm',
    Record<string, string>[]
  >;
  expect(presentedForm).toHaveLength(1);
  for (const { reference } of result) await ask('fhirObservation', `/fhir/${reference}`);
});

const form = (b64: string) => ({ body: new URLSearchParams({ b64 }) });
const json = (body: unknown) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

test.each<[string, string, RequestInit, number]>([
  ['covid19Predict', '/covid19/api/v1/predict/', form('?'), 400],
  ['covid19Predict', '/covid19/api/v1/predict', form('AAAA'), 415],
  ['covid19Predict', '/covid19/api/v1/predict/', form('A'.repeat(3 * 1024 * 1024)), 413],
  [
    'covid19Predict',
    '/covid19/api/v1/predict/',
    { ...form('AAAA'), headers: { origin: 'https://evil.example' } },
    403,
  ],
  ['covid19PredictHeatmap', '/covid19/api/v1/predict/heatmap/', json({}), 400],
  ['fhirMetadata', '/fhir/metadata?_format=xml', {}, 406],
  ['fhirPatientIcuRisk', '/fhir/Patient/_/$icu-risk', {}, 400],
  ['fhirPatientIcuRisk', '/fhir/Patient/9999/$icu-risk', {}, 404],
  ['fhirRiskAssessment', '/fhir/RiskAssessment/7.0123456789abcdef', {}, 410],
  ['fhirRiskAssessment', '/fhir/RiskAssessment/nobody', {}, 404],
  ['fhirDiagnosticReport', '/fhir/DiagnosticReport/_', {}, 400],
  ['fhirObservation', '/fhir/Observation/nobody', {}, 404],
  ['cdsIcuRisk', '/cds-services/icu-risk', json({ hook: 'order-sign' }), 400],
  ['cdsIcuRiskFeedback', '/cds-services/icu-risk/feedback', json({ feedback: [] }), 400],
  ['cdsIcuRiskFeedback', '/cds-services/icu-risk/feedback', json('x'.repeat(2 ** 20)), 413],
  ['graphql', '/graphql', { ...json({}), body: '{' }, 400],
  ['graphqlByAddress', '/graphql', {}, 400],
])('%s at %s is refused as the document says (%#)', async (operation, url, init, status) => {
  expect((await ask(operation, url, init)).status).toBe(status);
});

test('where callers are authenticated the document says so, and what it says needs a token does', async () => {
  await using provider = await startIdentityProvider();
  await using guarded = await startSystem({ icu: 'dead', gateway: provider.settings });
  const told = (await (await fetch(`${guarded.url}/openapi.json`)).json()) as Document;
  expect(JSON.stringify(told)).toContain('authorization: Bearer');
  const authorization = `Bearer ${await provider.token({ scope: 'patient:read' })}`;
  for (const one of operations) {
    const { operationId } = one.operation;
    const security = told.paths[one.path]?.[one.method]?.security;
    const [requirement] = security ?? [];
    expect(security).toHaveLength(requirement ? 1 : 0);
    const [[url, init] = ['', {}]] = examples(one);
    const { status, headers } = await ask(operationId, url, init, guarded.url);
    if (requirement) expect(status, operationId).toBe(401);
    else expect(status, operationId).not.toBe(401);
    // Asked for before anything is done: whoever is let in is counted there too.
    expect(headers.get('www-authenticate'), operationId).toBe(requirement ? 'Bearer' : null);
    if (!requirement?.bearer?.length) continue;
    const known = { ...init, headers: { ...(init.headers as Record<string, string>), authorization } };
    const isEnough = requirement.bearer.includes('patient:read');
    expect((await ask(operationId, url, known, guarded.url)).status, operationId).toBe(isEnough ? 503 : 403);
  }
});

test('every operation was seen to succeed', () => {
  const never = operations.filter(({ operation }) => !tried.has(`${operation.operationId} 200`));
  expect(never.map(({ operation }) => operation.operationId)).toEqual([]);
});

test('the answer of a gateway is the document of its settings', async () => {
  const built = openApiDocument({ maxUploadBytes: 2 * 1024 * 1024, authenticated: false });
  expect(document).toEqual(JSON.parse(JSON.stringify(built)));
});
