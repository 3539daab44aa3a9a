import type { RiskAssessment } from '@medplum/fhirtypes';
import { expect, test } from 'vitest';
import { issuesOf } from '../fhir/testing/validation.ts';
import { browserSystem, withBrowser } from './browser-system.ts';
import { accessibilityFaults, visit, WHOLE_TEST } from './page-visit.ts';
import { ask } from './system.ts';

const RISK = `query ($id: ID!) { patient(id: $id) {
  observations(first: 50) { code observedAt } icuRisk { window observedFrom observedUntil caution } } }`;
const RECORD = `mutation ($id: ID!, $at: DateTime!) { observationRecord(input: {
  patientId: $id, observations: [{ code: "spo2", value: 80, observedAt: $at }] }) { userErrors { code } } }`;
const LASTING = ['age', 'sex', 'hypertension', 'diabetes', 'immunocompromised'];
const DAY_MS = 24 * 3_600_000;

const system = browserSystem('page');

type Known = {
  observations: { code: string; observedAt: string }[];
  icuRisk: { window: string; observedFrom: string; observedUntil: string; caution: string | null };
};

async function patient(id: string): Promise<Known> {
  const { data } = await ask(system.url, RISK, { id });
  return (data as unknown as { patient: Known }).patient;
}

/** Records a value so many days after the oldest one, which may be of the same kind and counts no more then. */
async function recordLater(id: string, days: number): Promise<void> {
  const { icuRisk } = await patient(id);
  const at = new Date(Date.parse(icuRisk.observedFrom) + days * DAY_MS).toISOString();
  const { data } = await ask(system.url, RECORD, { id, at });
  expect(data).toEqual({ observationRecord: { userErrors: [] } });
}

async function assessment(id: string): Promise<RiskAssessment> {
  const found = (await (await fetch(`${system.url}/fhir/Patient/${id}/$icu-risk`)).json()) as RiskAssessment;
  expect(issuesOf(found)).toEqual([]);
  return found;
}

async function card(patientId: string): Promise<{ summary: string; detail: string }> {
  const context = { userId: 'Practitioner/1', patientId };
  const hookInstance = 'd1577c69-dfbe-44ad-ba6d-3e05e953b2ea';
  const answer = await fetch(`${system.url}/cds-services/icu-risk`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ hook: 'patient-view', hookInstance, context }),
  });
  const { cards } = (await answer.json()) as { cards: { summary: string; detail: string }[] };
  return cards[0] ?? { summary: '', detail: '' };
}

test('values of one stay have a window and no caution', async () => {
  await recordLater('21', 1);
  const { observations, icuRisk } = await patient('21');
  expect(icuRisk).toMatchObject({ window: '0-24 h', caution: null });
  // Newest first: of each kind the first counts.
  const times = observations
    .filter(
      ({ code }, i) => !LASTING.includes(code) && observations.findIndex((one) => one.code === code) === i,
    )
    .map(({ observedAt }) => observedAt);
  expect([icuRisk.observedFrom, icuRisk.observedUntil]).toEqual([
    times.toSorted()[0],
    times.toSorted().at(-1),
  ]);
  expect(JSON.stringify([await assessment('21'), await card('21')])).not.toMatch(
    /not of one stay|days apart/,
  );
});

test('one value of a later stay: the graph, FHIR and the card say how old the others are', async () => {
  await recordLater('22', 100.5);
  const { icuRisk } = await patient('22');
  expect(icuRisk.window).toMatch(/^2026-01-\d\d to 2026-04-\d\d$/);
  expect(icuRisk.caution).toMatch(
    /^The oldest value is 100 days older than the newest: they are not of one stay/,
  );
  const { prediction, note } = await assessment('22');
  expect(prediction?.[0]?.rationale).toContain(`observations of ${icuRisk.window}. ${icuRisk.caution}`);
  expect(note?.[0]?.text).toBe(icuRisk.caution);
  const { summary, detail } = await card('22');
  expect(summary).toContain('; values 100 days apart (not for clinical use)');
  expect(detail).toContain(`**${icuRisk.caution}**`);
});

withBrowser('the page says so beside the figure', WHOLE_TEST, async () => {
  await recordLater('23', 100.5);
  const { page, faults } = await visit(system.browser, `${system.url}/#/patients/23`);
  const risk = page.getByRole('region', { name: 'ICU risk of patient 23' });
  await risk.getByText('The oldest value is 100 days older than the newest').waitFor();
  expect(await risk.textContent()).toMatch(/Measured over2026-01-\d\d to 2026-04-\d\d/);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(faults).toEqual([]);
  await page.close();
});
