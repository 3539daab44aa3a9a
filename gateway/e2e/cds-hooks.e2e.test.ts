import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIdentityProvider } from './identity-provider.ts';
import { ask, type System, startSystem } from './system.ts';

const EHR = 'https://ehr.example';
const JSON_TYPE = { 'content-type': 'application/json' };

let system: System;
beforeAll(async () => {
  system = await startSystem({ gateway: { CDS_ORIGINS: EHR } });
});
afterAll(() => system[Symbol.asyncDispose]());

const call = (patientId: unknown, more: object = {}) => ({
  hook: 'patient-view',
  hookInstance: 'd1577c69-dfbe-44ad-ba6d-3e05e953b2ea',
  context: { userId: 'Practitioner/example', patientId },
  ...more,
});

type Card = {
  uuid: string;
  summary: string;
  detail: string;
  indicator: string;
  suggestions?: { uuid: string }[];
};

async function post(body: unknown, headers: Record<string, string> = {}, base = system.url, path = '') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const init = { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: text };
  const answer = await fetch(`${base}/cds-services/icu-risk${path}`, init);
  const told = await answer.text();
  const { cards, errors } = (told ? JSON.parse(told) : {}) as {
    cards?: Card[];
    errors?: { message: string; extensions: { code: string } }[];
  };
  return { status: answer.status, headers: answer.headers, cards, code: errors?.[0]?.extensions.code, told };
}

async function metric(name: string): Promise<string[]> {
  const all = await (await fetch(`${system.url}/metrics`)).text();
  return all.split('\n').filter((line) => line.startsWith(name));
}

test('the service is discovered, under both its hooks, by anybody', async () => {
  const answer = await fetch(`${system.url}/cds-services`);
  expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
  expect(await answer.json()).toEqual({
    services: ['patient-view', 'encounter-start'].map((hook) => ({
      hook,
      id: 'icu-risk',
      title: 'ICU risk',
      description: expect.stringContaining('Never for clinical use without approval'),
      usageRequirements: expect.any(String),
    })),
  });
});

test('cards say of each patient what the graph says', async () => {
  const indicators = new Set<string>();
  for (let patient = 1; patient <= 40; patient++) {
    const { status, cards } = await post(call(String(patient)));
    const { data } = await ask(
      system.url,
      'query ($id: ID!) { patient(id: $id) { icuRisk { probability willBeAdmitted reasons { display } } } }',
      { id: String(patient) },
    );
    const { icuRisk } = (
      data as unknown as {
        patient: {
          icuRisk: { probability: number; willBeAdmitted: boolean; reasons: { display: string }[] };
        };
      }
    ).patient;
    expect(status).toBe(200);
    expect(cards).toHaveLength(1);
    const [card] = cards ?? [];
    const percentage = `${Math.round(icuRisk.probability * 1000) / 10} %`;
    expect(card?.summary).toContain(`ICU admission risk ${percentage}, `);
    expect(card?.detail).toContain(icuRisk.reasons[0]?.display.replace(/ \(.*/, ''));
    expect(card?.indicator).toBe(icuRisk.willBeAdmitted ? 'warning' : 'info');
    indicators.add(card?.indicator ?? '');
  }
  expect([...indicators].sort()).toEqual(['info', 'warning']);
  expect(await metric('cds_cards_total')).toHaveLength(2);
});

test('at the start of an encounter it answers alike', async () => {
  const more = { hook: 'encounter-start', context: { userId: 'a', patientId: '3', encounterId: '456' } };
  expect(await post(call('3', more))).toMatchObject({ status: 200, cards: [{ uuid: expect.any(String) }] });
});

test('what a client prefetched or offers to fetch from changes nothing', async () => {
  const prefetch = { patient: { resourceType: 'Patient', id: '4' }, icuRisk: { probability: 1 } };
  const fhirAuthorization = { access_token: 'x', token_type: 'Bearer' };
  const { cards: plain } = await post(call('3'));
  const { cards } = await post(call('3', { prefetch, fhirServer: 'http://127.0.0.1:1/', fhirAuthorization }));
  expect(cards?.[0]?.summary).toBe(plain?.[0]?.summary);
});

test('of a patient who is not known there is nothing to say', async () => {
  const { status, told } = await post(call('9999'));
  expect([status, JSON.parse(told)]).toEqual([200, { cards: [] }]);
});

test.each<[string, unknown, Record<string, string>, number]>([
  ['no JSON', '{"hook":', {}, 400],
  ['an empty body', '', {}, 400],
  ['a prototype', '{"__proto__": {"hook": "patient-view"}}', {}, 400],
  ['a list', [call('3')], {}, 400],
  ['another hook', call('3', { hook: 'order-sign' }), {}, 400],
  ['a statement', call("1' OR '1'='1"), {}, 400],
  ['a list of patients', call(['3', '4']), {}, 400],
  ['an object as a patient', call({ $ne: null }), {}, 400],
  ['text that any page may send', JSON.stringify(call('3')), { 'content-type': 'text/plain' }, 400],
  ['a form', 'hook=patient-view', { 'content-type': 'application/x-www-form-urlencoded' }, 400],
  ['more than 1 MB', call('3', { prefetch: 'x'.repeat(1024 * 1024) }), {}, 413],
])('%s is refused', async (_name, body, headers, status) => {
  for (const path of ['', '/feedback']) {
    const answer = await post(body, headers, system.url, path);
    expect(answer.status).toBe(status);
    expect(answer.code).toBe('BAD_USER_INPUT');
    expect(answer.told).not.toMatch(
      /OR '1'|order-sign|__proto__|GraphQL|\bat .+:\d+|node_modules|127\.0\.0\.1/,
    );
  }
});

test('what became of cards is counted by reason, and nothing else of it is kept', async () => {
  const { cards } = await post(call('3'));
  const card = cards?.[0]?.uuid;
  const outcomeTimestamp = '2026-11-01T08:30:00Z';
  const reason = { code: 'already-known', system: 'https://radiograph.example/cds-hooks/override-reason' };
  const feedback = [
    { card, outcome: 'accepted', acceptedSuggestions: [{ id: 'e56e1945' }], outcomeTimestamp },
    { card, outcome: 'overridden', outcomeTimestamp },
    { card, outcome: 'overridden', overrideReason: { reason, userComment: 'Jane Doe' }, outcomeTimestamp },
    {
      card,
      outcome: 'overridden',
      overrideReason: { reason: { code: 'Jane', system: 'Doe' } },
      outcomeTimestamp,
    },
  ];
  expect(await post({ feedback }, {}, system.url, '/feedback')).toMatchObject({ status: 200, told: '' });
  const faulty = { feedback: [feedback[1], { ...feedback[1], outcome: 'ignored' }] };
  expect(await post(faulty, {}, system.url, '/feedback')).toMatchObject({
    status: 400,
    code: 'BAD_USER_INPUT',
  });
  const counted = (await metric('cds_feedback_total')).map((line) =>
    line.replace(/,service="gateway"|service="gateway",|,(?=})/g, ''),
  );
  expect(counted.sort()).toEqual([
    'cds_feedback_total{outcome="accepted",reason="none"} 1',
    'cds_feedback_total{outcome="overridden",reason="already-known"} 1',
    'cds_feedback_total{outcome="overridden",reason="none"} 1',
    'cds_feedback_total{outcome="overridden",reason="other"} 1',
  ]);
});

test('a browser of a named origin may call, another may not', async () => {
  const preflight = (origin: string, path: string) =>
    fetch(`${system.url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
  for (const path of ['/cds-services/icu-risk', '/cds-services/icu-risk/feedback']) {
    const { status, headers } = await preflight(EHR, path);
    expect(status).toBe(204);
    expect(Object.fromEntries(headers)).toMatchObject({
      allow: 'POST, OPTIONS',
      vary: 'origin',
      'access-control-allow-origin': EHR,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type',
    });
    for (const origin of ['https://evil.example', 'null', `${EHR}.evil.example`, 'https://EHR.example'])
      expect((await preflight(origin, path)).headers.get('access-control-allow-origin'), origin).toBeNull();
  }
  const good = await post(call('3'), { origin: EHR });
  expect([good.status, good.headers.get('access-control-allow-origin')]).toEqual([200, EHR]);
  expect(good.headers.get('access-control-allow-credentials')).toBeNull();
  const refused = await post(call('/'), { origin: EHR });
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([400, EHR]);
  expect(
    (await post(call('3'), { origin: 'https://evil.example' })).headers.get('access-control-allow-origin'),
  ).toBe(null);
  const graph = await fetch(`${system.url}/graphql`, {
    method: 'POST',
    headers: { ...JSON_TYPE, origin: EHR },
    body: '{}',
  });
  expect(graph.headers.get('access-control-allow-origin')).toBeNull();
});

test('other methods are 405 and say what is allowed; other services are not there', async () => {
  for (const [path, allow] of [
    ['', 'GET, HEAD, OPTIONS'],
    ['/icu-risk', 'POST, OPTIONS'],
    ['/icu-risk/feedback', 'POST, OPTIONS'],
  ]) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((one) => !allow?.includes(one))) {
      const body = method === 'GET' ? null : '<not>json';
      const answer = await fetch(`${system.url}/cds-services${path}`, { method, body });
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, allow]);
    }
  }
  const head = await fetch(`${system.url}/cds-services`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect((await fetch(`${system.url}/cds-services/icu-risk`, { method: 'HEAD' })).status).toBe(405);
  for (const path of ['/sepsis', '/icu-risk/', '/icu-risk/other'])
    expect((await fetch(`${system.url}/cds-services${path}`, { method: 'POST' })).status).toBe(404);
});

test('without the ICU service it fails, for a patient without a card would look well', async () => {
  await using down = await startSystem({ icu: 'dead' });
  expect(await post(call('3'), {}, down.url)).toMatchObject({
    status: 503,
    code: 'ICU_UNAVAILABLE',
    cards: undefined,
  });
  expect((await fetch(`${down.url}/cds-services`)).status).toBe(200);
});

test('calls and feedback are counted as requests of the graph are, discovery and preflights are not', async () => {
  await using counted = await startSystem({ gateway: { RATE_LIMIT: '2' } });
  expect((await post(call('3'), {}, counted.url)).status).toBe(200);
  expect((await post({}, {}, counted.url, '/feedback')).status).toBe(400);
  for (const path of ['', '/feedback']) {
    const { status, code, headers } = await post(call('3'), {}, counted.url, path);
    expect([status, code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect((await fetch(`${counted.url}/cds-services`)).status).toBe(200);
  expect((await fetch(`${counted.url}/cds-services/icu-risk`, { method: 'OPTIONS' })).status).toBe(204);
});

test.each(['ES384', 'RS384'])('a CDS client shows who it is by a JWT signed with %s', async (alg) => {
  await using provider = await startIdentityProvider(alg);
  await using guarded = await startSystem({ gateway: { ...provider.settings, CDS_ORIGINS: EHR } });
  const bearing = async (claims: object) => ({ authorization: `Bearer ${await provider.token(claims)}` });
  const aud = [provider.settings.AUTH_AUDIENCE, `${guarded.url}/cds-services/icu-risk`];
  for (const path of ['', '/feedback']) {
    const { status, code, headers } = await post(call('3'), { origin: EHR }, guarded.url, path);
    expect([status, code, headers.get('www-authenticate')]).toEqual([401, 'UNAUTHENTICATED', 'Bearer']);
    expect(headers.get('access-control-allow-origin')).toBe(EHR);
    const strange = await bearing({ scope: 'patient:read', iss: 'https://evil.example' });
    expect((await post(call('3'), strange, guarded.url, path)).status).toBe(401);
  }
  expect(await post(call('3'), await bearing({ aud }), guarded.url)).toMatchObject({
    status: 403,
    code: 'FORBIDDEN',
  });
  const known = await bearing({ aud, scope: 'patient:read', jti: 'once', tenant: 'ward 3' });
  expect(await post(call('3'), known, guarded.url)).toMatchObject({ status: 200, cards: [{}] });
  expect((await fetch(`${guarded.url}/cds-services/icu-risk`, { method: 'OPTIONS' })).status).toBe(204);
  expect((await fetch(`${guarded.url}/cds-services`)).status).toBe(200);
});
