import { describe, expect, test } from 'vitest';
import { anIcu } from './testing/started-icu.ts';

const RECORD = `mutation ($of: [ObservationInput!]!) { record: observationRecord(input: { patientId: "4", observations: $of }) {
  patient { id } userErrors { code message field } } }`;
const ASSESS = `mutation ($of: [ObservationInput!]!) { record: icuRiskAssess(input: { observations: $of }) {
  patient: icuRisk { probability } userErrors { code message field } } }`;
const STORED = '{ patient(id: "4") { observations(first: 500) { code value observedAt } } }';

const sound = { code: 'spo2', value: 91 };
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

/** What is sent, and the fields that the answer names. */
const FAULTS: [string, () => object[], string[]][] = [
  ['an unknown code', () => [sound, { code: 'pulse', value: 80 }], ['1.code']],
  ['a value above the range', () => [{ code: 'spo2', value: 101 }], ['0.value']],
  ['a value below the range', () => [{ code: 'temperature', value: -3 }], ['0.value']],
  ['the largest number', () => [{ code: 'crp', value: Number.MAX_VALUE }], ['0.value']],
  ['a time to come', () => [sound, sound, { ...sound, observedAt: inAnHour() }], ['2.observedAt']],
  ['no observation', () => [], ['']],
  ['51 observations', () => Array.from({ length: 51 }, () => sound), ['']],
  [
    'several faults at once',
    () => [{ code: 'x', value: 1, observedAt: inAnHour() }, sound, { code: 'age', value: 121 }],
    ['0.code', '0.observedAt', '2.value'],
  ],
];

describe.each([
  ['observationRecord', RECORD],
  ['icuRiskAssess', ASSESS],
])('%s', (_name, mutation) => {
  test.each(FAULTS)('names the fault in userErrors and takes nothing: %s', async (_fault, make, places) => {
    await using icu = await anIcu();
    const before = await icu.ask(STORED);
    const { data, errors } = await icu.ask(mutation, { of: make() });
    expect(errors).toBeUndefined();
    expect(data?.record?.patient).toBeNull();
    const path = (place: string) => ['input', 'observations', ...place.split('.').filter(Boolean)];
    expect(data?.record?.userErrors).toEqual(
      places.map((place) => ({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(/^Expected .+ got /),
        field: path(place),
      })),
    );
    expect(await icu.ask(STORED)).toEqual(before);
  });

  test('refuses what is no number or no time before it is looked at', async () => {
    await using icu = await anIcu();
    const before = await icu.ask(STORED);
    for (const value of ['NaN', 'Infinity', '91', null, true, [91]])
      expect((await icu.ask(mutation, { of: [{ code: 'spo2', value }] })).errors).toMatchObject([
        { extensions: { code: 'BAD_USER_INPUT' } },
      ]);
    // JSON has no NaN, but a number that is too large is read as infinite.
    const infinite = JSON.stringify({ query: mutation, variables: { of: [sound] } }).replace(':91', ':1e999');
    expect((await icu.post(infinite)).errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    const times = [
      'yesterday',
      '2026-02-30T08:00:00Z',
      '2025-02-29T08:00:00Z',
      '2026-13-01T08:00:00Z',
      1_767_225_600,
    ];
    for (const observedAt of [...times, '2026-01-01', '2026-01-01T25:00:00Z', '2026-01-01T08:00:00', ''])
      expect(
        (await icu.ask(mutation, { of: [{ ...sound, observedAt }] })).errors,
        `observedAt ${observedAt}`,
      ).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(await icu.ask(STORED)).toEqual(before);
  });

  test('takes fifty at once, and times of any zone', async () => {
    await using icu = await anIcu();
    const observedAt = ['2024-02-29T08:00:00Z', '2026-01-01T23:59:59.999+01:00', '2026-01-01T08:00-05:00'];
    const of = Array.from({ length: 50 }, (_, i) => ({ ...sound, observedAt: observedAt[i % 3] }));
    const { data } = await icu.ask(mutation, { of });
    expect(data?.record).toMatchObject({ patient: expect.any(Object), userErrors: [] });
  });
});

test('a query that is no GraphQL, or asks for what is not there, is refused with its code', async () => {
  await using icu = await anIcu();
  const codes = async (query: string) => (await icu.ask(query)).errors?.map(({ extensions }) => extensions);
  expect(await codes('{ patient(id: ')).toEqual([{ code: 'GRAPHQL_PARSE_FAILED' }]);
  expect(await codes('{ patient(id: 1) { name } }')).toEqual([{ code: 'GRAPHQL_VALIDATION_FAILED' }]);
  expect(await codes('{ patient(id: 1) { id } } query B { patient(id: 1) { id } }')).toHaveLength(1);
});

test('the probes answer: it lives, it is ready, it counts', async () => {
  await using icu = await anIcu();
  const get = async (path: string) => {
    const answer = await fetch(`${icu.url}${path}`);
    return { status: answer.status, body: await answer.text() };
  };
  expect(await get('/healthz')).toMatchObject({ status: 200 });
  expect(await get('/readyz')).toMatchObject({ status: 200 });
  expect((await get('/metrics')).body).toContain('service="icu"');
});
