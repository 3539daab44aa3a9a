import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type {
  DiagnosticReport,
  Observation,
  OperationOutcome,
  Resource,
  RiskAssessment,
} from '@medplum/fhirtypes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { issuesOf } from '../fhir/testing/validation.ts';
import { phantomPng } from '../web/phantom.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { ask, picture, type System, startSystem, upload } from './system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

/** Reads a resource, which has to be sound whatever it is. */
async function read<Wanted extends Resource = OperationOutcome>(
  path: string,
  init: RequestInit = {},
  base = system.url,
) {
  const answer = await fetch(`${base}/fhir${path}`, init);
  expect(answer.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const resource = (await answer.json()) as Wanted;
  expect(issuesOf(resource)).toEqual([]);
  return { status: answer.status, headers: answer.headers, resource };
}

/** Status, issue type and code of a refusal. */
async function refusal(path: string, init?: RequestInit, base?: string) {
  const { status, resource } = await read(path, init, base);
  expect(resource.resourceType).toBe('OperationOutcome');
  return [status, resource.issue[0]?.code, resource.issue[0]?.diagnostics];
}

const assess = (patient: string | number) => read<RiskAssessment>(`/Patient/${patient}/$icu-risk`);

const record = (patientId: string, value: number) =>
  ask(
    system.url,
    `mutation ($input: ObservationRecordInput!) { observationRecord(input: $input) { userErrors { code } } }`,
    { input: { patientId, observations: [{ code: 'spo2', value }] } },
  );

test('the risk of each patient is a sound RiskAssessment, in percent, as the graph has it', async () => {
  const levels = new Set<string | undefined>();
  for (let patient = 1; patient <= 40; patient++) {
    const { status, resource } = await assess(patient);
    expect(status).toBe(200);
    const { data } = await ask(
      system.url,
      'query ($id: ID!) { patient(id: $id) { icuRisk { probability model { name version } } } }',
      { id: String(patient) },
    );
    const { icuRisk } = (data as unknown as { patient: { icuRisk: { probability: number; model: object } } })
      .patient;
    const [prediction] = resource.prediction ?? [];
    expect(prediction?.probabilityDecimal).toBeCloseTo(icuRisk.probability * 100, 3);
    expect(resource).toMatchObject({
      resourceType: 'RiskAssessment',
      subject: { reference: `Patient/${patient}` },
      contained: [{ resourceType: 'Device' }],
      performer: { reference: '#model' },
      prediction: [{ whenPeriod: { start: resource.occurrenceDateTime } }],
    });
    expect(JSON.stringify(resource.note)).toContain('never for clinical use without approval');
    levels.add(prediction?.qualitativeRisk?.coding?.[0]?.code);
  }
  expect(levels.size).toBeGreaterThan(1);
});

test('an assessment is read again by its id while it holds, and is gone once observations changed it', async () => {
  const { resource: first } = await assess(41);
  const { status, resource: again } = await read<RiskAssessment>(`/RiskAssessment/${first.id}`);
  expect(status).toBe(200);
  const { occurrenceDateTime: _first, ...same } = first;
  expect(again).toMatchObject({ id: same.id, contained: same.contained, basis: same.basis });
  expect(again.prediction?.[0]?.probabilityDecimal).toBe(first.prediction?.[0]?.probabilityDecimal);

  await record('41', 71);
  expect(await refusal(`/RiskAssessment/${first.id}`)).toEqual([410, 'deleted', 'NOT_FOUND']);
  const { resource: changed } = await assess(41);
  expect(changed.id).not.toBe(first.id);
  expect((await read(`/RiskAssessment/${changed.id}`)).status).toBe(200);
});

/** Sends a radiograph of patient 7 and waits until it is classified. @returns its id */
async function classified(image: Buffer): Promise<string> {
  const { data } = await upload(
    system.url,
    'mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files, patientId: "7" }) { jobs { id radiograph { id } } } }',
    [image],
  );
  const { radiographUpload } = data as unknown as {
    radiographUpload: { jobs: { id: string; radiograph: { id: string } }[] };
  };
  const [job] = radiographUpload.jobs;
  await expect
    .poll(() => ask(system.url, `{ job(id: "${job?.id}") { state } }`), { timeout: 20_000 })
    .toMatchObject({ data: { job: { state: 'SUCCEEDED' } } });
  return job?.radiograph.id ?? '';
}

type Classified = { indeterminateReason: string | null; findings: { code: string; probability: number }[] };

test.each<[string, string | null, () => Promise<Buffer>]>([
  ['that is decided', null, phantomPng],
  ['unlike those that the model learned from', 'OUT_OF_DISTRIBUTION', () => picture('png')],
])(
  'the result of a radiograph %s is a sound report, with an observation of each finding and its picture',
  async (_name, reason, image) => {
    const id = await classified(await image());
    const { resource: report } = await read<DiagnosticReport>(`/DiagnosticReport/${id}`);
    expect(report).toMatchObject({
      ...{ resourceType: 'DiagnosticReport', id, status: 'preliminary', subject: { reference: 'Patient/7' } },
      conclusion: expect.stringContaining('never for clinical use without approval'),
    });
    const { data } = await ask(
      system.url,
      `{ radiograph(id: "${id}") { classification { indeterminateReason findings { code probability } } } }`,
    );
    const { radiograph } = data as unknown as { radiograph: { classification: Classified } };
    const { findings, indeterminateReason } = radiograph.classification;
    expect(indeterminateReason).toBe(reason);
    expect(report.conclusion?.startsWith('Nothing is decided')).toBe(reason !== null);
    expect(report.result).toHaveLength(findings.length);
    for (const [i, { reference }] of (report.result ?? []).entries()) {
      const { resource } = await read<Observation>(`/${reference}`);
      expect(resource.code?.coding).toEqual(
        expect.arrayContaining([expect.objectContaining({ code: findings[i]?.code })]),
      );
      if (reason === null)
        expect(resource.valueQuantity?.value).toBeCloseTo((findings[i]?.probability ?? 0) * 100, 3);
      else
        expect([resource.valueQuantity, resource.dataAbsentReason?.coding?.[0]?.code]).toEqual([
          undefined,
          'not-applicable',
        ]);
    }
    const shown = await fetch(report.presentedForm?.[0]?.url ?? '');
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect((await shown.arrayBuffer()).byteLength).toBe(report.presentedForm?.[0]?.size);
    expect(await refusal(`/Observation/${id}.0123456789abcdef`)).toEqual([404, 'not-found', 'NOT_FOUND']);
  },
);

test('a client may escape the sign of the operation', async () => {
  expect(await read('/Patient/1/%24icu-risk')).toMatchObject({
    status: 200,
    resource: { resourceType: 'RiskAssessment' },
  });
});

test('what the server can do is told without a token, and the operation is found where it says', async () => {
  const { status, resource } = await read<Resource & { rest?: object[] }>('/metadata');
  expect({ status, resource }).toMatchObject({
    status: 200,
    resource: { resourceType: 'CapabilityStatement', implementation: { url: `${system.url}/fhir` } },
  });
  const [, definition] = /"definition":"([^"]+)"/.exec(JSON.stringify(resource)) ?? [];
  expect(await read(String(definition).replace(`${system.url}/fhir`, ''))).toMatchObject({
    status: 200,
    resource: { resourceType: 'OperationDefinition', code: 'icu-risk' },
  });
});

test.each([
  ['an unknown patient', '/Patient/9999/$icu-risk', 404, 'not-found', 'NOT_FOUND'],
  ['a patient id with other characters', '/Patient/1_2/$icu-risk', 400, 'invalid', 'BAD_USER_INPUT'],
  [
    'an id that is a statement',
    `/Patient/${encodeURIComponent("1' OR '1'='1")}/$icu-risk`,
    400,
    'invalid',
    'BAD_USER_INPUT',
  ],
  ['an id with a slash', '/Patient/1%2F2/$icu-risk', 400, 'invalid', 'BAD_USER_INPUT'],
  ['an id with a zero byte', '/Patient/1%00/$icu-risk', 400, 'invalid', 'BAD_USER_INPUT'],
  ['an id that is too long', `/Patient/${'1'.repeat(48)}/$icu-risk`, 400, 'invalid', 'BAD_USER_INPUT'],
  ['an id that is far too long', `/Patient/${'1'.repeat(5_000)}/$icu-risk`, 400, 'invalid', 'BAD_USER_INPUT'],
  ['an id that is no UTF-8', '/Patient/%ff/$icu-risk', 400, 'invalid', 'BAD_USER_INPUT'],
  ['an id that names no assessment', '/RiskAssessment/7', 404, 'not-found', 'NOT_FOUND'],
  [
    'an assessment of an unknown patient',
    '/RiskAssessment/9999.0123456789abcdef',
    404,
    'not-found',
    'NOT_FOUND',
  ],
  ['an assessment that never was', '/RiskAssessment/7.0123456789abcdef', 410, 'deleted', 'NOT_FOUND'],
  ['an assessment id with other characters', '/RiskAssessment/7$', 400, 'invalid', 'BAD_USER_INPUT'],
  ['a resource that is not served', '/Condition/1', 404, 'not-found', 'NOT_FOUND'],
  ['a report of no radiograph', '/DiagnosticReport/1', 404, 'not-found', 'NOT_FOUND'],
  [
    'a report of an unknown radiograph',
    '/DiagnosticReport/99999999-89ab-4cde-8f01-23456789abcd',
    404,
    'not-found',
    'NOT_FOUND',
  ],
  ['a report id with other characters', '/DiagnosticReport/1_2', 400, 'invalid', 'BAD_USER_INPUT'],
  ['an observation of nothing', '/Observation/1', 404, 'not-found', 'NOT_FOUND'],
  [
    'an observation of an unknown radiograph',
    '/Observation/99999999-89ab-4cde-8f01-23456789abcd.0123456789abcdef',
    404,
    'not-found',
    'NOT_FOUND',
  ],
  ['an operation that is not served', '/Patient/1/$everything', 404, 'not-found', 'NOT_FOUND'],
  ['a patient', '/Patient/1', 404, 'not-found', 'NOT_FOUND'],
  ['nothing', '', 404, 'not-found', 'NOT_FOUND'],
])('%s is refused as an OperationOutcome that repeats nothing', async (_name, path, status, issue, code) => {
  const { resource, ...answer } = await read(path);
  expect([answer.status, resource.issue[0]?.code, resource.issue[0]?.diagnostics]).toEqual([
    status,
    issue,
    code,
  ]);
  expect(JSON.stringify(resource)).not.toMatch(/9999|OR '1'|1_2|11111|\bat .+:\d+|node_modules/);
});

test('another format than JSON of R4 is 406', async () => {
  for (const accept of ['application/fhir+xml', 'text/html', 'application/fhir+json; fhirVersion=5.0'])
    expect(await refusal('/Patient/1/$icu-risk', { headers: { accept } })).toEqual([
      406,
      'not-supported',
      'BAD_USER_INPUT',
    ]);
  expect(await refusal('/metadata?_format=xml')).toEqual([406, 'not-supported', 'BAD_USER_INPUT']);
  for (const accept of ['application/fhir+json', 'application/json', '*/*'])
    expect((await read('/Patient/1/$icu-risk', { headers: { accept } })).status).toBe(200);
});

test('other methods are 405 and say what is allowed; HEAD is as GET without a body', async () => {
  for (const path of [
    '/Patient/1/$icu-risk',
    '/RiskAssessment/1',
    '/DiagnosticReport/1',
    '/Observation/1',
    '/metadata',
  ])
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const body = method === 'OPTIONS' ? null : '<not>json';
      const { status, headers } = await read(path, { method, body });
      expect([method, status, headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
    }
  const head = await fetch(`${system.url}/fhir/Patient/1/$icu-risk`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect(head.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
});

test('a host name that is none does not become an address', async () => {
  const { hostname, port } = new URL(system.url);
  for (const host of ['a b', 'evil/"><script>', 'user@evil']) {
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(`GET /fhir/metadata HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain('evil');
  }
});

test.each(['dead', 'hung'] as const)('with a %s ICU service the caller is told to come back', async (icu) => {
  await using down = await startSystem({ icu, requestMs: 1_000 });
  const answered = await refusal('/Patient/1/$icu-risk', {}, down.url);
  expect(answered).toEqual(
    icu === 'dead' ? [503, 'transient', 'ICU_UNAVAILABLE'] : [504, 'timeout', 'DEADLINE_EXCEEDED'],
  );
  expect((await read('/metadata', {}, down.url)).status).toBe(200);
});

test('requests are counted as those of the graph are', async () => {
  await using counted = await startSystem({ gateway: { RATE_LIMIT: '2' } });
  for (let i = 0; i < 2; i++) expect((await read('/Patient/1/$icu-risk', {}, counted.url)).status).toBe(200);
  expect(await refusal('/RiskAssessment/1', {}, counted.url)).toEqual([429, 'throttled', 'RATE_LIMITED']);
  expect((await read('/metadata', {}, counted.url)).status).toBe(200);
});

test('a token and its scope are asked for', async () => {
  await using provider: IdentityProvider = await startIdentityProvider();
  await using guarded = await startSystem({ gateway: provider.settings });
  const bearing = async (scope: string) => ({
    headers: { authorization: `Bearer ${await provider.token({ scope })}` },
  });
  for (const path of ['/Patient/1/$icu-risk', '/RiskAssessment/1.0123456789abcdef']) {
    const { status, headers, resource } = await read(path, {}, guarded.url);
    expect([status, resource.issue[0]?.code, headers.get('www-authenticate')]).toEqual([
      401,
      'login',
      'Bearer',
    ]);
    const bad = { headers: { authorization: 'Bearer junk' } };
    expect(await refusal(path, bad, guarded.url)).toEqual([401, 'login', 'UNAUTHENTICATED']);
    expect(await refusal(path, await bearing('radiograph:read'), guarded.url)).toEqual([
      403,
      'forbidden',
      'FORBIDDEN',
    ]);
  }
  for (const path of ['DiagnosticReport', 'Observation']) {
    const unknown = `/${path}/99999999-89ab-4cde-8f01-23456789abcd${path === 'Observation' ? '.0123456789abcdef' : ''}`;
    expect(await refusal(unknown, {}, guarded.url)).toEqual([401, 'login', 'UNAUTHENTICATED']);
    expect(await refusal(unknown, await bearing('patient:read'), guarded.url)).toEqual([
      403,
      'forbidden',
      'FORBIDDEN',
    ]);
    expect(await refusal(unknown, await bearing('radiograph:read'), guarded.url)).toEqual([
      404,
      'not-found',
      'NOT_FOUND',
    ]);
  }
  const path = '/Patient/1/$icu-risk';
  expect((await read(path, await bearing('patient:read'), guarded.url)).status).toBe(200);
  expect((await read('/metadata', {}, guarded.url)).status).toBe(200);
});
