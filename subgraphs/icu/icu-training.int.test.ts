import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linesUntilKilled } from '#common/testing/killed-process.ts';
import { anIcu, type Icu, startedIcu } from './testing/started-icu.ts';

const TRAIN = `mutation ($name: String) { icuModelTrain(input: { name: $name }) {
  training { id state model { version } error } userErrors { code message field } } }`;
const TRAINING =
  'query ($id: ID!) { icuModelTraining(id: $id) { id state model { name version state digest engine } error } }';
const VERSIONS = '{ icuModelVersions { name version state digest engine } }';
const RISK =
  '{ patient(id: "3") { observations { code } icuRisk { probability model { version digest } } } }';

async function ended(icu: Icu, id: string) {
  const read = async () => (await icu.ask(TRAINING, { id })).data.icuModelTraining;
  await expect.poll(async () => (await read()).state, { timeout: 15_000, interval: 20 }).not.toBe('RUNNING');
  return read();
}

test('a training is begun, read until it has succeeded, and its version answers; the old one stays readable', async () => {
  await using icu = await anIcu();
  const [first] = (await icu.ask(VERSIONS)).data.icuModelVersions;
  expect(first).toMatchObject({ name: 'icu_admission', version: '1', state: 'AVAILABLE' });
  const { training, userErrors } = (await icu.ask(TRAIN)).data.icuModelTrain;
  expect(userErrors).toEqual([]);
  expect(training).toMatchObject({ id: expect.stringMatching(/^training_[0-9a-f]{32}$/), error: null });
  // The page is answered while the training runs.
  expect((await icu.ask(RISK)).data.patient.icuRisk.probability).toBeGreaterThan(0);
  const done = await ended(icu, training.id);
  expect(done).toMatchObject({
    state: 'SUCCEEDED',
    model: { version: '2', state: 'AVAILABLE' },
    error: null,
  });
  // Equal cases and seed: an equal model.
  expect(done.model.digest).toBe(first.digest);
  expect((await icu.ask(VERSIONS)).data.icuModelVersions).toEqual([done.model, first]);
  expect((await icu.ask('{ icuModelVersions(first: 1) { version } }')).data.icuModelVersions).toEqual([
    { version: '2' },
  ]);
  expect((await icu.ask(RISK)).data.patient.icuRisk.model.version).toBe('2');
});

test('the same name starts nothing new, another one waits for its turn, and what is no name is refused', async () => {
  await using icu = await anIcu();
  const train = async (name: string) => (await icu.ask(TRAIN, { name })).data.icuModelTrain;
  const codes = ({ userErrors }: { userErrors: { code: string }[] }) => userErrors.map(({ code }) => code);
  const twice = await Promise.all([train('of_monday'), train('of_monday')]);
  expect(twice.flatMap(codes)).toEqual([]);
  expect(codes(await train('of_tuesday'))).toEqual(['OVERLOADED']);
  const done = await ended(icu, 'of_monday');
  expect((await train('of_monday')).training).toMatchObject({ state: 'SUCCEEDED', model: { version: '2' } });
  expect(done.model.version).toBe('2');
  expect(await train('Of Wednesday; DROP TABLE patient')).toMatchObject({
    training: null,
    userErrors: [{ code: 'BAD_USER_INPUT', field: ['input', 'name'] }],
  });
  expect((await icu.ask(TRAINING, { id: "x' OR 1=1 --" })).data.icuModelTraining).toBeNull();
  expect((await icu.ask(VERSIONS)).data.icuModelVersions).toHaveLength(2);
});

test('training needs a scope of its own; the versions do not', async () => {
  await using icu = await anIcu();
  const asReader = { scopes: new Set(['patient:read', 'patient:write']) };
  for (const [query, variables] of [
    [TRAIN, {}],
    [TRAINING, { id: 'x' }],
  ] as const)
    expect(await icu.ask(query, variables, asReader)).toMatchObject({
      errors: [{ extensions: { code: 'FORBIDDEN' } }],
    });
  expect((await icu.ask(VERSIONS, {}, asReader)).data.icuModelVersions).toHaveLength(1);
  const asTrainer = { scopes: new Set(['model:train']) };
  expect((await icu.ask(TRAIN, {}, asTrainer)).data.icuModelTrain.userErrors).toEqual([]);
});

/** Serves, begins a training, tells so, and lives on. */
const program = (dataDir: string) => `
  const { openClinicalLedger } = await import(${JSON.stringify(join(import.meta.dirname, 'stores/open-clinical-ledger.ts'))});
  const { openEmbeddedEngine } = await import(${JSON.stringify(join(import.meta.dirname, 'engines/embedded/embedded-engine.ts'))});
  const { clinical, training } = openClinicalLedger(${JSON.stringify(dataDir)});
  const logger = { info() {}, error: console.error };
  const engine = await openEmbeddedEngine({ store: training, types: clinical.observationTypes, logger });
  const { state } = await engine.train('cut_off');
  console.log(state);`;

test('a service that is killed in the middle of a training says so when it is back, and trains again', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'icu-killed-'));
  expect(await linesUntilKilled(program(folder.path), 1)).toEqual(['RUNNING']);
  await using icu = await startedIcu(folder.path);
  expect((await icu.ask(TRAINING, { id: 'cut_off' })).data.icuModelTraining).toMatchObject({
    state: 'FAILED',
    model: null,
    error: expect.stringContaining('interrupted'),
  });
  expect((await icu.ask(VERSIONS)).data.icuModelVersions).toHaveLength(1);
  expect((await icu.ask(RISK)).data.patient.icuRisk.model.version).toBe('1');
  await icu.ask(TRAIN, { name: 'once_more' });
  expect(await ended(icu, 'once_more')).toMatchObject({ state: 'SUCCEEDED', model: { version: '2' } });
});
