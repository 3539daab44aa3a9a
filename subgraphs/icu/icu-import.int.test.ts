import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { syntheticCohort } from './domain/synthetic-cohort.ts';
import { anIcu, type Icu } from './testing/started-icu.ts';

const MAIN = join(import.meta.dirname, 'import/main.ts');
const PATIENTS = `query ($after: String) { patients(first: 100, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } }`;
const PATIENT = `query ($id: ID!) { patient(id: $id) { id observations { code display value unit }
  icuRisk { probability window model { version } reasons { code display } } } }`;
const TRAIN = 'mutation { icuModelTrain(input: { name: "imported" }) { userErrors { code } } }';
const TRAINING = '{ icuModelTraining(id: "imported") { state error model { version } } }';

/** Runs the command in a process of its own. */
async function icuImport(dataDir: string, ...args: string[]) {
  const env = { ...process.env, DATA_DIR: dataDir };
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { code: code as number, output, errors };
}

/** The synthetic patients as another hospital would hand them over: its own names, and values scaled to no unit. */
function foreignSheet(dataDir: string, count: number) {
  const codes = ['age', 'spo2', 'respiratory_rate', 'lactate'];
  const mapping = {
    cohort: 'elsewhere',
    notice: 'These values are scaled.',
    patient: 'id',
    outcome: { column: 'icu', admitted: ['1'], others: ['0'] },
    observations: codes.map((code) => ({
      column: code.toUpperCase(),
      code: `elsewhere_${code}`,
      onArrival: code === 'age',
      factor: 0.001,
      type: {
        display: `${code} (scaled)`,
        unit: '1',
        minimum: 0,
        maximum: 1,
        scale: 'rank',
        informative: code === 'lactate',
      },
    })),
  };
  const rows = syntheticCohort(count, 31).map(({ id, observations, admitted }) => {
    const values = codes.map((code) => observations.find((one) => one.code === code)?.value ?? '');
    return [id, ...values, Number(admitted)].join(',');
  });
  const paths = { mapping: join(dataDir, 'mapping.json'), sheet: join(dataDir, 'sheet.csv') };
  writeFileSync(paths.mapping, JSON.stringify(mapping));
  writeFileSync(
    paths.sheet,
    [['id', ...mapping.observations.map(({ column }) => column), 'icu'].join(','), ...rows].join('\r\n'),
  );
  return paths;
}

type Page = { nodes: { id: string }[]; pageInfo: { endCursor: string; hasNextPage: boolean } };

async function allIds(icu: Icu): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ; ) {
    const { nodes, pageInfo }: Page = (await icu.ask(PATIENTS, { after })).data.patients;
    ids.push(...nodes.map(({ id }) => id));
    if (!pageInfo.hasNextPage) return ids;
    after = pageInfo.endCursor;
  }
}

test('a running service shows imported patients, learns from them, and keeps its own model for its own', async () => {
  await using icu = await anIcu();
  const { mapping, sheet } = foreignSheet(icu.dataDir, 300);
  const before = await icu.ask(PATIENT, { id: '7' });
  const { code, output, errors } = await icuImport(icu.dataDir, sheet, '--mapping', mapping);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(output).toContain('Imported 300 patients of the cohort elsewhere');
  expect(output).toContain('These values are scaled.');

  const ids = await allIds(icu);
  expect(ids).toEqual([
    ...Array.from({ length: 200 }, (_, i) => String(i + 1)),
    ...Array.from({ length: 300 }, (_, i) => `elsewhere-${i + 1}`),
  ]);
  // No model has seen such values yet: the risk is away, the rest is there, and the other patients are as they were.
  const untrained = await icu.ask(PATIENT, { id: 'elsewhere-7' });
  expect(untrained.errors).toMatchObject([{ extensions: { code: 'ICU_UNAVAILABLE' } }]);
  expect(untrained.data.patient).toMatchObject({ id: 'elsewhere-7', icuRisk: null });
  expect(untrained.data.patient.observations).toContainEqual({
    code: 'elsewhere_spo2',
    display: 'spo2 (scaled)',
    value: expect.any(Number),
    unit: '1',
  });
  expect(await icu.ask(PATIENT, { id: '7' })).toEqual(before);
  const both = await icu.ask(
    '{ well: patient(id: "7") { icuRisk { probability } } ill: patient(id: "elsewhere-7") { icuRisk { probability } } }',
  );
  expect(both).toMatchObject({
    data: {
      well: { icuRisk: { probability: before.data.patient.icuRisk.probability } },
      ill: { icuRisk: null },
    },
    errors: [{ extensions: { code: 'ICU_UNAVAILABLE' } }],
  });

  await icu.ask(TRAIN);
  await expect
    .poll(async () => (await icu.ask(TRAINING)).data.icuModelTraining.state, { timeout: 15_000 })
    .toBe('SUCCEEDED');
  const trained = (await icu.ask(PATIENT, { id: 'elsewhere-7' })).data.patient.icuRisk;
  expect(trained).toMatchObject({ window: '0-2 h', model: { version: '2' } });
  expect(trained.reasons[0].display).toMatch(/ \(scaled\)$/);
  expect((await icu.ask(PATIENT, { id: '7' })).data.patient.icuRisk.model.version).toBe('1');
  const [low, high] = await Promise.all(
    [0.07, 0.1].map(async (value) => {
      const query = `{ icuRiskAssess(input: { observations: [{ code: "elsewhere_spo2", value: ${value} }] }) { icuRisk { probability } userErrors { code } } }`;
      return (await icu.ask(`mutation ${query}`)).data.icuRiskAssess.icuRisk.probability as number;
    }),
  );
  expect(low).toBeGreaterThan(high ?? 1);
});

test('patients are shown and not learned from when their outcomes are left out, and a training says why it fails', async () => {
  await using icu = await anIcu();
  const { mapping, sheet } = foreignSheet(icu.dataDir, 12);
  const { output } = await icuImport(icu.dataDir, sheet, '--mapping', mapping, '--without-outcomes');
  expect(output).toContain('To learn from: 0 patients');
  expect(await allIds(icu)).toHaveLength(212);
  await icu.ask(TRAIN);
  // The cohort with outcomes is the synthetic one still.
  await expect
    .poll(async () => (await icu.ask(TRAINING)).data.icuModelTraining.state, { timeout: 15_000 })
    .toBe('SUCCEEDED');
});

test('too small a cohort fails to train, in words', async () => {
  await using icu = await anIcu();
  const { mapping, sheet } = foreignSheet(icu.dataDir, 12);
  await icuImport(icu.dataDir, sheet, '--mapping', mapping);
  await icu.ask(TRAIN);
  const read = async () => (await icu.ask(TRAINING)).data.icuModelTraining;
  await expect.poll(async () => (await read()).state, { timeout: 15_000 }).toBe('FAILED');
  expect(await read()).toMatchObject({
    model: null,
    error: expect.stringMatching(/^Expected 10 patients or more/),
  });
  expect((await icu.ask(PATIENT, { id: '7' })).data.patient.icuRisk.model.version).toBe('1');
});

test('what is refused changes nothing: a second import, another meaning of a code, a faulty sheet, a faulty call', {
  // Six processes, one after the other.
  timeout: 60_000,
}, async () => {
  await using icu = await anIcu();
  const { mapping, sheet } = foreignSheet(icu.dataDir, 12);
  expect(await icuImport(icu.dataDir, sheet, '--mapping', mapping)).toMatchObject({ code: 0 });
  const before = [await allIds(icu), await icu.ask('{ observationTypes { code minimum } }')];
  const again = await icuImport(icu.dataDir, sheet, '--mapping', mapping);
  expect(again).toMatchObject({ code: 1, output: '', errors: expect.stringContaining('there already') });
  expect(again.errors).toContain('Nothing was imported.');
  const faulty = join(icu.dataDir, 'faulty.csv');
  writeFileSync(
    faulty,
    'id,AGE,SPO2,RESPIRATORY_RATE,LACTATE,icu\n900,50,95,18,1,0\n901,50,Jane Doe,18,1,0\n',
  );
  const refused = await icuImport(icu.dataDir, faulty, '--mapping', mapping);
  expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining('Line 3, column SPO2') });
  expect(refused.errors).not.toMatch(/Jane|at .*\.ts/);
  const other = join(icu.dataDir, 'other.json');
  const { observations, ...rest } = JSON.parse(readFileSync(mapping, 'utf8'));
  const [first, ...others] = observations;
  writeFileSync(
    other,
    JSON.stringify({
      ...rest,
      cohort: 'third',
      observations: [{ ...first, type: { ...first.type, maximum: 2 } }, ...others],
    }),
  );
  writeFileSync(faulty, 'id,AGE,SPO2,RESPIRATORY_RATE,LACTATE,icu\n900,50,95,18,1,0\n');
  expect((await icuImport(icu.dataDir, faulty, '--mapping', other)).errors).toContain(
    'elsewhere_age stands for another kind',
  );
  for (const args of [[sheet], [sheet, '--mapping', mapping, '--force']]) {
    const call = await icuImport(icu.dataDir, ...args);
    expect(call).toMatchObject({ code: 1, errors: expect.stringContaining('npm run icu:import -- FILE') });
  }
  expect([await allIds(icu), await icu.ask('{ observationTypes { code minimum } }')]).toEqual(before);
});
