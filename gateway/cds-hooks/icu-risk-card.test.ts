import { expect, test } from 'vitest';
import type { PatientRisk } from '../fhir/patient-risk.ts';
import { icuRiskCard } from './icu-risk-card.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const RISK: PatientRisk = {
  patientId: '7',
  probability: 0.73,
  willBeAdmitted: true,
  threshold: 0.4,
  ...{ window: '0-2 h', observedFrom: '2026-11-01T06:00:00.000Z', observedUntil: '2026-11-01T08:00:00.000Z' },
  caution: null,
  assessedAt: '2026-11-01T08:30:00.000Z',
  model: { name: 'icu_admission', version: '3', digest: null, engine: 'Embedded logistic regression' },
  reasons: [
    { code: 'spo2', display: 'Oxygen saturation', value: 88.256, unit: '%', contribution: 0.9 },
    { code: 'age', display: 'Age', value: 71, unit: 'a', contribution: 0.5 },
    { code: 'lactate', display: 'Lactate', value: null, unit: 'mmol/L', contribution: -0.2 },
    { code: 'crp', display: 'C-reactive protein', value: 10, unit: 'mg/L', contribution: -0.1 },
  ],
};
const card = (part: Partial<PatientRisk> = {}) =>
  icuRiskCard({ ...RISK, ...part }, 'https://radiograph.example');

test('a risk from the threshold on is a warning that tells the strongest reasons', () => {
  expect(card()).toEqual({
    uuid: expect.stringMatching(UUID),
    summary: "ICU admission risk 73 %, at or above the model's threshold of 40 % (not for clinical use)",
    indicator: 'warning',
    detail: `**ICU admission risk: 73 %, at or above the model's threshold of 40 %.**

From observations of 0-2 h.

Strongest reasons:

- Oxygen saturation 88.26 % raises the risk
- Age 71 years raises the risk
- Lactate, not measured, lowers the risk

Model: icu\\_admission version 3 (Embedded logistic regression).

*Computed by a demonstration model that is not approved as a medical device: never for clinical use without approval.*`,
    source: { label: 'Radiograph: ICU risk', url: 'https://radiograph.example' },
    suggestions: [{ label: 'Review this patient for intensive care', uuid: expect.stringMatching(UUID) }],
    selectionBehavior: 'at-most-one',
    overrideReasons: expect.any(Array),
    links: [
      {
        label: 'Ask the graph in its explorer',
        url: 'https://radiograph.example/explorer',
        type: 'absolute',
      },
    ],
  });
});

test('a risk below it is information, without anything to accept', () => {
  const told = card({ probability: 0.125, willBeAdmitted: false });
  expect(told).toMatchObject({
    indicator: 'info',
    summary: "ICU admission risk 12.5 %, below the model's threshold of 40 % (not for clinical use)",
  });
  expect(told).not.toHaveProperty('suggestions');
  expect(told).not.toHaveProperty('selectionBehavior');
});

test('a risk without reasons and without a window leaves both out', () => {
  const { detail } = card({ reasons: [], window: null });
  expect(detail).not.toMatch(/reasons|observations|null/i);
});

const APART = {
  caution: 'The oldest value is 331 days older than the newest.',
  window: '2025-12-05 to 2026-11-01',
  observedFrom: '2025-12-05T06:00:00.000Z',
};

test('that values are not of one stay is told in the first line, and before the reasons', () => {
  const { summary, detail, indicator } = card(APART);
  expect(summary).toBe(
    "ICU admission risk 73 %, at or above the model's threshold of 40 %; values 331 days apart (not for clinical use)",
  );
  expect(detail).toMatch(
    /of 40 %\.\*\*\n\n\*\*The oldest value is 331 days older than the newest\.\*\*\n\nFrom obs/,
  );
  expect(detail).toContain('From observations of 2025-12-05 to 2026-11-01.');
  // Whoever hides a warning may hide a patient who gets worse.
  expect(indicator).toBe('warning');
});

test('no summary is too long, and no attribute is empty', () => {
  for (const probability of [0, 0.0004, 1 / 3, 0.9996, 1])
    for (const willBeAdmitted of [true, false]) {
      const told = card({ probability, willBeAdmitted, threshold: 2 / 3, reasons: [], window: null });
      const apart = card({
        ...APART,
        probability,
        willBeAdmitted,
        threshold: 2 / 3,
        observedFrom: '1900-01-01T00:00Z',
      });
      for (const { summary } of [told, apart]) expect(summary.length).toBeLessThan(140);
      expect(JSON.stringify(told)).not.toMatch(/null|""|\[\]|\{\}/);
    }
});

test('each card is another one', () => {
  expect(card().uuid).not.toBe(card().uuid);
});

test('words of a model do not become links or markup', () => {
  const name = '[x](https://evil.example) <b>*bold*</b>';
  const { detail } = card({ model: { ...RISK.model, name } });
  expect(detail).toContain('\\[x\\](https://evil.example) \\<b\\>\\*bold\\*\\</b\\>');
});
