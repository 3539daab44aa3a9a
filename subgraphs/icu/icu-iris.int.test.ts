import { expect, test } from 'vitest';
import { freePort } from '#common/testing/programs.ts';
import { ACCOUNT } from './testing/fake-iris.ts';
import { fakePlace } from './testing/fake-iris-place.ts';
import { anIcu } from './testing/started-icu.ts';

const RISKS = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Patient {
  id observations(first: 1) { code } icuRisk { probability willBeAdmitted threshold model { name version engine state } reasons { code } } } } }`;
const RECORD = `mutation { observationRecord(input: { patientId: "7", observations: [{ code: "spo2", value: 60 }] }) {
  patient { icuRisk { probability } } userErrors { code } } }`;
const RISK = '{ patient(id: "7") { icuRisk { probability } } }';
const ASSESS = `mutation { icuRiskAssess(input: { observations: [{ code: "spo2", value: 60 }] }) {
  icuRisk { probability } userErrors { code } } }`;
const TRAIN =
  'mutation { icuModelTrain(input: { name: "monday" }) { training { id state } userErrors { code } } }';
const TRAINING = '{ icuModelTraining(id: "monday") { state model { version } } }';

const of = Array.from({ length: 200 }, (_, i) => ({ __typename: 'Patient', id: String(i + 1) }));
const over = (url: string) =>
  anIcu({ IRIS_URL: url, IRIS_USER: ACCOUNT.user, IRIS_PASSWORD: ACCOUNT.password });

test('two hundred patients of one query cost IRIS three statements on two sessions', async () => {
  await using place = await fakePlace();
  await using icu = await over(place.fake.url);
  const { data, errors } = await icu.ask(RISKS, { of });
  expect(errors).toBeUndefined();
  expect(data._entities).toHaveLength(200);
  for (const { icuRisk } of data._entities)
    expect(icuRisk).toMatchObject({
      ...{ probability: expect.any(Number), threshold: 0.5, reasons: [] },
      willBeAdmitted: icuRisk.probability >= 0.5,
      model: {
        ...{ name: 'IcuAdmission', version: 'IcuAdmission_seed', state: 'AVAILABLE' },
        engine: 'InterSystems IRIS IntegratedML',
      },
    });
  const selects = place.fake.requests.filter(({ sql }) => sql?.startsWith('SELECT'));
  expect(selects).toHaveLength(3);
  expect(place.fake.sessions.most).toBeLessThanOrEqual(2);
});

test('a prediction that fails for one patient leaves the risks of the others on the page', async () => {
  await using place = await fakePlace();
  await using icu = await over(place.fake.url);
  // IRIS leaves out the row of a prediction that fails while rows are fetched.
  place.fake.once(/RowDigest/, async (usual) => {
    const reply = await usual();
    const answer = JSON.parse(reply.body);
    answer.result[0].content = answer.result[0].content.filter(([id]: [string]) => id !== '2');
    return { ...reply, body: JSON.stringify(answer) };
  });
  const { data, errors } = await icu.ask('{ patients(first: 3) { nodes { id icuRisk { probability } } } }');
  const icuRisk = { probability: expect.any(Number) };
  const nodes = [
    { id: '1', icuRisk },
    { id: '2', icuRisk: null },
    { id: '3', icuRisk },
  ];
  expect(data.patients.nodes).toEqual(nodes);
  expect(errors).toMatchObject([{ extensions: { code: 'ICU_UNAVAILABLE' } }]);
});

test('what is recorded counts at once, also when IRIS could not be told of it', async () => {
  await using place = await fakePlace();
  await using icu = await over(place.fake.url);
  const risk = async () => (await icu.ask(RISK)).data.patient.icuRisk.probability;
  const before = await risk();
  place.fake.once(/^INSERT OR UPDATE/, async (_usual, response) => {
    response.destroy();
    return undefined;
  });
  const { data } = await icu.ask(RECORD);
  expect(data.observationRecord.userErrors).toEqual([]);
  expect(data.observationRecord.patient.icuRisk.probability).toBeGreaterThan(before);
  expect(await risk()).toBe(data.observationRecord.patient.icuRisk.probability);
});

test('what is assessed without a patient is stored nowhere', async () => {
  await using place = await fakePlace();
  await using icu = await over(place.fake.url);
  const { data } = await icu.ask(ASSESS);
  expect(data.icuRiskAssess).toEqual({ icuRisk: { probability: expect.any(Number) }, userErrors: [] });
  expect(place.fake.database.read('SELECT * FROM Icu.Transient')).toEqual([]);
  expect(place.fake.database.read('SELECT count(*) AS n FROM Icu.Observation')).toEqual([{ n: 260 }]);
});

test('a training is begun by mutation and followed by query', async () => {
  await using place = await fakePlace();
  await using icu = await over(place.fake.url);
  const begun = await icu.ask(TRAIN);
  expect(begun).toMatchObject({ data: { icuModelTrain: { training: { id: 'monday' }, userErrors: [] } } });
  const state = async () => (await icu.ask(TRAINING)).data.icuModelTraining;
  await expect.poll(state).toEqual({ state: 'SUCCEEDED', model: { version: 'IcuAdmission_monday' } });
});

test('a dead IRIS leaves patients and observations, and the risk is null with its code', async () => {
  await using icu = await over(`http://127.0.0.1:${await freePort()}`);
  const from = performance.now();
  const { data, errors } = await icu.ask(RISKS, { of });
  expect(performance.now() - from).toBeLessThan(3_000);
  expect(data._entities).toHaveLength(200);
  for (const patient of data._entities)
    expect(patient).toMatchObject({ observations: [{ code: expect.any(String) }], icuRisk: null });
  expect(new Set(errors?.map(({ extensions }) => extensions.code))).toEqual(new Set(['ICU_UNAVAILABLE']));
  expect(JSON.stringify(errors)).not.toMatch(/127\.0\.0\.1|ECONN|SELECT/);
  expect((await fetch(`${icu.url}/readyz`)).status).toBe(200);
});
