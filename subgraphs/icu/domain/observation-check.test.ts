import { expect, test } from 'vitest';
import { checkedObservations, type ObservationInput } from './observation-check.ts';
import { OBSERVATION_TYPE_BY_CODE, OBSERVATION_TYPES } from './observation-types.ts';

const NOW = Date.UTC(2026, 10, 1, 8, 30);
const MINUTE = 60_000;
const at = (ms: number) => new Date(ms).toISOString();
const fieldsOf = (inputs: readonly ObservationInput[]) =>
  checkedObservations(inputs, OBSERVATION_TYPE_BY_CODE, NOW).faults.map(({ field }) => field.join('.'));

test('what is in order comes back with its time, and with now where none was given', () => {
  const inputs = [
    { code: 'spo2', value: 92, observedAt: '2026-11-01T09:00:00+01:00' },
    { code: 'heart_rate', value: 88 },
    { code: 'lactate', value: 1.25, observedAt: null },
  ];
  expect(checkedObservations(inputs, OBSERVATION_TYPE_BY_CODE, NOW)).toEqual({
    faults: [],
    observations: [
      { code: 'spo2', value: 92, observedAt: NOW - 30 * MINUTE },
      { code: 'heart_rate', value: 88, observedAt: NOW },
      { code: 'lactate', value: 1.25, observedAt: NOW },
    ],
  });
});

test.each(OBSERVATION_TYPES)('$code is taken from $minimum to $maximum and no further', (type) => {
  const { code, minimum, maximum } = type;
  expect(fieldsOf([minimum, maximum].map((value) => ({ code, value })))).toEqual([]);
  for (const value of [minimum - 0.01, maximum + 0.01, Number.NaN, Infinity, -Infinity]) {
    const { faults, observations } = checkedObservations([{ code, value }], OBSERVATION_TYPE_BY_CODE, NOW);
    expect(observations).toEqual([]);
    expect(faults).toEqual([
      {
        message: `Expected ${minimum} to ${maximum} ${type.unit} for ${code}, got a value outside`,
        field: ['input', 'observations', '0', 'value'],
      },
    ]);
  }
});

test('an unknown code is a fault, also one that every object has', () => {
  for (const code of ['', 'SPO2', ' spo2', 'pulse', 'constructor', '__proto__', "spo2'; DROP TABLE patient"])
    expect(fieldsOf([{ code, value: 1 }])).toEqual(['input.observations.0.code']);
});

test('a fault does not repeat what was sent', () => {
  const inputs = [
    { code: 'Jane Doe', value: 1 },
    { code: 'spo2', value: 123_456 },
  ];
  expect(JSON.stringify(checkedObservations(inputs, OBSERVATION_TYPE_BY_CODE, NOW))).not.toMatch(
    /Jane|123456/,
  );
});

test('a time may be five minutes ahead, for clocks differ, and no more', () => {
  const spo2 = { code: 'spo2', value: 92 };
  expect(fieldsOf([{ ...spo2, observedAt: at(NOW + 5 * MINUTE) }])).toEqual([]);
  expect(fieldsOf([{ ...spo2, observedAt: at(NOW + 5 * MINUTE + 1) }])).toEqual([
    'input.observations.0.observedAt',
  ]);
  expect(fieldsOf([{ ...spo2, observedAt: 'yesterday' }])).toEqual(['input.observations.0.observedAt']);
});

test('one to fifty are taken at a time', () => {
  const many = (count: number) => Array.from({ length: count }, () => ({ code: 'spo2', value: 92 }));
  for (const count of [1, 50])
    expect(checkedObservations(many(count), OBSERVATION_TYPE_BY_CODE, NOW).observations).toHaveLength(count);
  for (const count of [0, 51]) {
    const message = `Expected 1 to 50 observations, got ${count}`;
    expect(checkedObservations(many(count), OBSERVATION_TYPE_BY_CODE, NOW)).toEqual({
      faults: [{ message, field: ['input', 'observations'] }],
      observations: [],
    });
  }
});

test('all faults are told at once, each at its place, and one is enough to take nothing', () => {
  const sound = { code: 'spo2', value: 92 };
  const late = at(NOW + 60 * MINUTE);
  const inputs = [sound, { code: 'spo2', value: 10, observedAt: late }, sound, { code: 'pulse', value: 1 }];
  expect(fieldsOf(inputs)).toEqual([
    'input.observations.1.value',
    'input.observations.1.observedAt',
    'input.observations.3.code',
  ]);
  expect(checkedObservations(inputs, OBSERVATION_TYPE_BY_CODE, NOW).observations).toEqual([]);
});
