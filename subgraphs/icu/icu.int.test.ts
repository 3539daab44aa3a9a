import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Answer, anIcu, startedIcu } from './testing/started-icu.ts';

const IDS = Array.from({ length: 200 }, (_, i) => String(i + 1));
const PAGE = `query ($first: Int, $after: String) { patients(first: $first, after: $after) {
  edges { cursor node { id } } nodes { id } pageInfo { hasNextPage endCursor } } }`;
const RISKS = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Patient { id icuRisk {
  probability willBeAdmitted threshold window assessedAt model { name version state digest engine }
  reasons { code display value contribution } } } } }`;
const PATIENT = `query ($id: ID!) { patient(id: $id) {
  id observations(first: 3) { code display value unit observedAt } icuRisk { probability } } }`;
const RECORD = `mutation ($id: ID!, $of: [ObservationInput!]!) {
  observationRecord(input: { patientId: $id, observations: $of }) {
    patient { id observations(first: 1) { code value } icuRisk { probability } } userErrors { code message field } } }`;
const ASSESS = `mutation ($of: [ObservationInput!]!) { icuRiskAssess(input: { observations: $of }) {
  icuRisk { probability window reasons { code value } } userErrors { code field } } }`;

const representations = (ids: readonly string[]) => ids.map((id) => ({ __typename: 'Patient', id }));
const codeOf = (answer: Answer) => answer.errors?.[0]?.extensions.code;

test('pages of a hundred show patients 1 to 200, each once, in order', async () => {
  await using icu = await anIcu();
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const answer: Answer = await icu.ask(PAGE, { first: 100, after });
    const { patients } = answer.data;
    expect(patients.nodes).toEqual(patients.edges.map(({ node }: { node: unknown }) => node));
    expect(patients.pageInfo.endCursor).toBe(patients.edges.at(-1).cursor);
    seen.push(...patients.nodes.map(({ id }: { id: string }) => id));
    after = patients.pageInfo.hasNextPage ? patients.pageInfo.endCursor : null;
  } while (after !== null);
  expect(seen).toEqual(IDS);
  const { patients: past } = (
    await icu.ask(PAGE, { after: Buffer.from('patient:200').toString('base64url') })
  ).data;
  expect(past).toEqual({ edges: [], nodes: [], pageInfo: { hasNextPage: false, endCursor: null } });
  expect((await icu.ask('{ patients { nodes { id } } }')).data.patients.nodes).toHaveLength(20);
});

test('a page of another size, or after what is no cursor, is refused', async () => {
  await using icu = await anIcu();
  for (const first of [0, 101, -1, 2 ** 40, 1.5])
    expect(codeOf(await icu.ask(PAGE, { first })), `first ${first}`).toBe('BAD_USER_INPUT');
  for (const after of ['', '7', 'cGF0aWVudDox!;--', Buffer.from('patient:1 OR 1=1').toString('base64url')])
    expect(codeOf(await icu.ask(PAGE, { after })), `after ${after}`).toBe('BAD_USER_INPUT');
  for (const first of [0, 501])
    expect(codeOf(await icu.ask(`{ patient(id: 1) { observations(first: ${first}) { code } } }`))).toBe(
      'BAD_USER_INPUT',
    );
});

test('an id that names no patient gives null, also one that looks like SQL', async () => {
  await using icu = await anIcu();
  const ids = ['0', '201', '-1', '01', '1.0', '1e0', ' 1', '', '9'.repeat(40), 'Jane Doe', '__proto__'];
  for (const id of [...ids, "1'; DROP TABLE patient; --", '1 OR 1=1', '1) UNION SELECT 1 --', '%', '\0'])
    expect(await icu.ask(PATIENT, { id }), id).toEqual({ data: { patient: null } });
  const strange = await icu.ask(RECORD, { id: '1 OR 1=1', of: [{ code: 'spo2', value: 90 }] });
  expect(strange.data.observationRecord).toMatchObject({
    patient: null,
    userErrors: [{ code: 'NOT_FOUND', field: ['input', 'patientId'] }],
  });
  expect((await icu.ask(PATIENT, { id: '1' })).data.patient).toMatchObject({ id: '1' });
  expect((await icu.ask(PAGE, { first: 100 })).data.patients.nodes).toHaveLength(100);
});

test('every patient has a risk between 0 and 1 with its reasons, strongest first', async () => {
  await using icu = await anIcu();
  const { _entities: patients } = (await icu.ask(RISKS, { of: representations(IDS) })).data;
  expect(patients.map(({ id }: { id: string }) => id)).toEqual(IDS);
  for (const { id, icuRisk } of patients) {
    const { probability, threshold, willBeAdmitted, reasons } = icuRisk;
    expect(probability, `patient ${id}`).toBeGreaterThan(0);
    expect(probability, `patient ${id}`).toBeLessThan(1);
    expect(willBeAdmitted).toBe(probability >= threshold);
    expect(icuRisk).toMatchObject({
      window: expect.stringMatching(/^0-[12] h$/),
      model: { state: 'AVAILABLE' },
    });
    const strengths = reasons.map(({ contribution }: { contribution: number }) => Math.abs(contribution));
    expect(strengths).toEqual(strengths.toSorted((a: number, b: number) => b - a));
    expect(strengths).toHaveLength(5);
  }
  const expected = patients.filter(
    (one: { icuRisk: { willBeAdmitted: boolean } }) => one.icuRisk.willBeAdmitted,
  );
  expect(expected.length).toBeGreaterThan(20);
  expect(expected.length).toBeLessThan(120);
});

test('fifty patients asked for by reference come in that order, repeated ones and unknown ones too', async () => {
  await using icu = await anIcu();
  const ids = [...IDS.slice(100, 148).toReversed(), '101', 'nobody'];
  const { data, errors } = await icu.ask(RISKS, { of: representations(ids) });
  expect(errors).toBeUndefined();
  expect(data._entities.map((one: { id: string } | null) => one?.id ?? 'nobody')).toEqual(ids);
});

test('a very low oxygen saturation raises the risk, and is still there after a restart', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'icu-'));
  const riskOf = (answer: Answer) => answer.data._entities[0].icuRisk;
  const of = representations(['3']);
  let before: Answer;
  let after: Answer;
  {
    await using icu = await startedIcu(folder.path);
    before = await icu.ask(RISKS, { of });
    const { data } = await icu.ask(RECORD, { id: '3', of: [{ code: 'spo2', value: 62 }] });
    expect(data.observationRecord.userErrors).toEqual([]);
    expect(data.observationRecord.patient.observations).toEqual([{ code: 'spo2', value: 62 }]);
    after = await icu.ask(RISKS, { of });
    expect(riskOf(after).probability).toBeGreaterThan(riskOf(before).probability + 0.1);
    expect(riskOf(after).reasons[0]).toMatchObject({ code: 'spo2', value: 62 });
  }
  await using again = await startedIcu(folder.path);
  const { assessedAt: _, ...kept } = riskOf(await again.ask(RISKS, { of }));
  expect(riskOf(after)).toMatchObject(kept);
  expect((await again.ask(PATIENT, { id: '3' })).data.patient.observations[0]).toMatchObject({
    display: 'Oxygen saturation',
    value: 62,
    unit: '%',
  });
});

test('a second record of the same operation is answered with its own values', async () => {
  await using icu = await anIcu();
  const record = (name: string, value: number) => `${name}: observationRecord(input: { patientId: "5",
    observations: [{ code: "spo2", value: ${value} }] }) { patient { observations(first: 1) { value } icuRisk { probability } } }`;
  const { data } = await icu.ask(`mutation { ${record('well', 99)} ${record('ill', 60)} }`);
  expect(data.ill.patient.observations).toEqual([{ value: 60 }]);
  expect(data.ill.patient.icuRisk.probability).toBeGreaterThan(data.well.patient.icuRisk.probability);
});

test('an assessment takes the newest value of each kind and stores nothing', async () => {
  await using icu = await anIcu();
  const read = () => icu.ask(PATIENT, { id: '1' });
  const before = await read();
  const [newer, older] = ['2026-01-02T10:00:00Z', '2026-01-02T09:00:00Z'];
  const low = { code: 'spo2', value: 70, observedAt: newer };
  const high = { code: 'spo2', value: 99, observedAt: older };
  const answers = await Promise.all([[low], [low, high], [high, low]].map((of) => icu.ask(ASSESS, { of })));
  const [alone] = answers;
  expect(alone?.data.icuRiskAssess).toMatchObject({ icuRisk: { window: null }, userErrors: [] });
  expect(alone?.data.icuRiskAssess.icuRisk.reasons[0]).toEqual({ code: 'spo2', value: 70 });
  for (const answer of answers) expect(answer).toEqual(alone);
  expect(await read()).toEqual(before);
});
