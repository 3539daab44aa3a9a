import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { OperationOutcome, RiskAssessment } from '@medplum/fhirtypes';
import { expect, test } from 'vitest';
import { ACCOUNT } from '../../subgraphs/icu/testing/fake-iris.ts';
import { fakePlace } from '../../subgraphs/icu/testing/fake-iris-place.ts';
import { issuesOf } from '../fhir/testing/validation.ts';
import { ask, type System, startSystem } from './system.ts';

const IMPORT = join(import.meta.dirname, '../../subgraphs/icu/import/main.ts');
const TRAIN = 'mutation { icuModelTrain(input: { name: "monday" }) { userErrors { code } } }';
const TRAINING = '{ icuModelTraining(id: "monday") { state } }';

/** A model is trained at the start and once more. */
const SLOW = { timeout: 60_000 };
const COHORT = 'ward-7';
/** With the cohort as long as the id of a patient may be. */
const LONGEST = `case.${'0'.repeat(35)}`;

async function train({ url }: System): Promise<void> {
  expect(await ask(url, TRAIN)).toEqual({ data: { icuModelTrain: { userErrors: [] } } });
  await expect
    .poll(() => ask(url, TRAINING), { timeout: 30_000 })
    .toEqual({ data: { icuModelTraining: { state: 'SUCCEEDED' } } });
}

async function assessment({ url }: System, patient: string) {
  const answer = await fetch(`${url}/fhir/Patient/${patient}/$icu-risk`);
  const resource = (await answer.json()) as RiskAssessment | OperationOutcome;
  expect(issuesOf(resource)).toEqual([]);
  return { status: answer.status, resource };
}

async function card({ url }: System, patientId: string) {
  const hookInstance = 'd1577c69-dfbe-44ad-ba6d-3e05e953b2ea';
  const body = { hook: 'patient-view', hookInstance, context: { userId: 'Practitioner/1', patientId } };
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${url}/cds-services/icu-risk`, init);
  const { cards } = (await answer.json()) as { cards?: { detail: string }[] };
  return { status: answer.status, detail: cards?.[0]?.detail };
}

/** Patients of another hospital, whose scaled values only a model of their own knows. */
async function importWard({ dataDir }: System): Promise<void> {
  const type = { display: 'Dimer (scaled)', unit: '1', minimum: -1, maximum: 1, scale: 'rank' };
  const mapping = {
    cohort: COHORT,
    patient: 'case',
    outcome: { column: 'icu', admitted: ['1'], others: ['0'] },
    observations: [{ column: 'dimer', code: 'ward_dimer', type }],
  };
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${i === 0 ? LONGEST : i},${i / 60},${Number(i % 3 === 0)}`,
  );
  const files = { sheet: join(dataDir, 'ward.csv'), mapping: join(dataDir, 'ward.json') };
  writeFileSync(files.sheet, ['case,dimer,icu', ...rows].join('\n'));
  writeFileSync(files.mapping, JSON.stringify(mapping));
  const args = [IMPORT, files.sheet, '--mapping', files.mapping];
  await promisify(execFile)(process.execPath, args, { env: { ...process.env, DATA_DIR: dataDir } });
}

test(
  'an imported patient has no risk until a model has learned from the cohort, then one by every route',
  SLOW,
  async () => {
    await using system = await startSystem();
    await importWard(system);
    const patient = `${COHORT}-${LONGEST}`;
    const query = `query ($id: ID!) { patient(id: $id) { observations { value unit } icuRisk { model { version } } } }`;
    const observations = [{ value: 0, unit: '1' }];
    expect(await ask(system.url, query, { id: patient })).toMatchObject({
      data: { patient: { observations, icuRisk: null } },
      errors: [{ extensions: { code: 'ICU_UNAVAILABLE' } }],
    });
    expect(await assessment(system, patient)).toMatchObject({
      status: 503,
      resource: { issue: [{ code: 'transient', diagnostics: 'ICU_UNAVAILABLE' }] },
    });
    // No card would read as no risk.
    expect(await card(system, patient)).toEqual({ status: 503, detail: undefined });

    await train(system);
    expect(await ask(system.url, query, { id: patient })).toEqual({
      data: { patient: { observations, icuRisk: { model: { version: '2' } } } },
    });
    const { status, resource } = await assessment(system, patient);
    expect({ status, resource }).toMatchObject({
      status: 200,
      resource: { subject: { reference: `Patient/${patient}` }, basis: [{ display: 'Dimer (scaled): 0' }] },
    });
    expect((await fetch(`${system.url}/fhir/RiskAssessment/${resource.id}`)).status).toBe(200);
    expect(await card(system, patient)).toMatchObject({
      status: 200,
      detail: expect.stringContaining('- Dimer (scaled): 0 '),
    });
  },
);

test('what a model said before a training is not told as the word of the new one', SLOW, async () => {
  await using system = await startSystem();
  const { resource } = await assessment(system, '7');
  await train(system);
  expect((await fetch(`${system.url}/fhir/RiskAssessment/${resource.id}`)).status).toBe(410);
});

test('over IRIS, which gives no reasons, assessments are sound and cards tell none', SLOW, async () => {
  await using place = await fakePlace();
  const { user, password } = ACCOUNT;
  await using system = await startSystem({
    icuSettings: { IRIS_URL: place.fake.url, IRIS_USER: user, IRIS_PASSWORD: password },
  });
  const { status, resource } = await assessment(system, '7');
  expect({ status, resource }).toMatchObject({
    status: 200,
    resource: { performer: { display: 'IcuAdmission version IcuAdmission_seed' } },
  });
  expect(resource).not.toHaveProperty('basis');
  const { detail } = await card(system, '7');
  expect(detail).toContain('InterSystems IRIS IntegratedML');
  expect(detail).not.toContain('reasons');

  await train(system);
  const query = '{ patient(id: "7") { icuRisk { model { version } } } }';
  expect(await ask(system.url, query)).toEqual({
    data: { patient: { icuRisk: { model: { version: 'IcuAdmission_monday' } } } },
  });
});
