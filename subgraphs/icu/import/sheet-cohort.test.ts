import { writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OBSERVATION_TYPE_BY_CODE } from '../domain/observation-types.ts';
import { openMapping } from './mapping.ts';
import type { MappingInput } from './mapping-format.ts';
import { readSheet } from './sheet.ts';
import { columnsOf, sheetCohort } from './sheet-cohort.ts';

const NOW = Date.UTC(2026, 10, 1, 12);
const HOUR = 3_600_000;

const WARD: MappingInput = {
  cohort: 'ward-7',
  patient: 'case',
  missing: ['NA'],
  windowHours: 2,
  outcome: { column: 'later_icu', admitted: ['yes'], others: ['no'] },
  observations: [
    { column: 'age', code: 'age', onArrival: true },
    { column: 'sex', code: 'sex', onArrival: true, values: { F: 0, M: 1 } },
    { column: 'temp_f', code: 'temperature', factor: 5 / 9, offset: -160 / 9 },
    {
      column: 'il6',
      code: 'interleukin_6',
      type: { display: 'Interleukin 6', unit: 'pg/mL', minimum: 0, maximum: 9_000 },
    },
  ],
};
const HEADER = 'case,age,sex,temp_f,il6,later_icu';
const SHEET = `${HEADER}\nA-1,71,M,98.6,12.5,no\nA-2,44,F,NA,,yes\n`;

/** Writes mapping and sheet to files and reads them as the import does. */
async function read(text: string | Uint8Array, mapping: object = WARD) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'icu-sheet-'));
  writeFileSync(join(folder.path, 'mapping.json'), JSON.stringify(mapping));
  writeFileSync(join(folder.path, 'sheet.csv'), text);
  const opened = await openMapping(join(folder.path, 'mapping.json'));
  const rows = await readSheet(join(folder.path, 'sheet.csv'), columnsOf(opened), opened.delimiter);
  return sheetCohort(rows, opened, NOW);
}
const refusal = (text: string | Uint8Array, mapping?: object) =>
  read(text, mapping).then(
    () => expect.unreachable('the sheet was taken'),
    (error: Error) => {
      expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
      return error.message;
    },
  );

test('each row becomes a patient with values in known units, at the arrival or the end of the window', async () => {
  const { cohort } = await read(SHEET);
  expect(cohort).toMatchObject({
    name: 'ward-7',
    types: [{ code: 'interleukin_6', unit: 'pg/mL', scale: 'linear' }],
  });
  expect(cohort.patients).toEqual([
    {
      id: 'ward-7-A-1',
      observations: [
        { code: 'age', value: 71, observedAt: NOW - 2 * HOUR },
        { code: 'sex', value: 1, observedAt: NOW - 2 * HOUR },
        { code: 'temperature', value: expect.closeTo(37, 9), observedAt: NOW },
        { code: 'interleukin_6', value: 12.5, observedAt: NOW },
      ],
    },
    {
      id: 'ward-7-A-2',
      observations: [
        { code: 'age', value: 44, observedAt: NOW - 2 * HOUR },
        { code: 'sex', value: 0, observedAt: NOW - 2 * HOUR },
      ],
    },
  ]);
  expect(cohort.cases.map(({ admitted, features }) => [admitted, features.size])).toEqual([
    [false, 4],
    [true, 2],
  ]);
});

test('byte order mark, CRLF, quotes, blanks, empty lines and further columns make no difference', async () => {
  const { cohort } = await read(SHEET);
  const quoted = SHEET.replace('A-1,71', '"A-1" , "71"').replace('98.6', ' 98.6 ');
  const further = SHEET.replaceAll(/^(.*)$/gm, (line) =>
    line ? `${line},"a ""further"" one,\n of two lines"` : line,
  );
  for (const text of [
    `\uFEFF${SHEET}`,
    SHEET.replaceAll('\n', '\r\n'),
    SHEET.trimEnd(),
    quoted,
    `${SHEET}\n\n`,
    further,
  ])
    expect((await read(text)).cohort, text).toEqual(cohort);
  const semicolons = SHEET.replaceAll(',', ';');
  expect((await read(semicolons, { ...WARD, delimiter: ';' })).cohort).toEqual(cohort);
});

test('arrivals are read where the sheet tells them', async () => {
  const sheet = SHEET.replace('later_icu', 'later_icu,came').replace(
    'no\n',
    'no,2026-01-02T03:00:00+01:00\n',
  );
  const [first] = (
    await read(sheet.replace('yes\n', 'yes,2026-01-03T00:00:00Z\n'), { ...WARD, arrival: 'came' })
  ).cohort.patients;
  expect(first?.observations.map(({ observedAt }) => observedAt)).toEqual(
    [2, 2, 4, 4].map((hour) => Date.UTC(2026, 0, 2, hour)),
  );
});

test.each([
  ['soon', 'a time such as'],
  ['03.04.2026 08:30', 'a time such as'],
  ['5', 'a time such as'],
  ['2026-02-30T10:00:00Z', 'a time such as'],
  ['2026-01-03', 'a time such as'],
  ['2026-01-03T08:30:00', 'a time such as'],
  ['', 'a time such as'],
  ['2026-11-01T12:06:00Z', 'a time that has passed'],
  ['2062-11-01T08:30:00Z', 'a time that has passed'],
])('an arrival that is no time, or ahead, is refused with its line: %s', async (came, wanted) => {
  const sheet = SHEET.replace('later_icu', 'later_icu,came').replace('no\n', 'no,2026-01-02T03:00:00Z\n');
  expect(await refusal(sheet.replace('yes\n', `yes,${came}\n`), { ...WARD, arrival: 'came' })).toBe(
    `Line 3, column came: expected ${wanted}${wanted.endsWith('as') ? ' 2026-11-01T08:30:00Z' : ''}, got another`,
  );
});

test('no value is of a time to come, and every time is in whole milliseconds', async () => {
  const sheet = SHEET.replace('later_icu', 'later_icu,came')
    .replace('no\n', 'no,2026-11-01T11:00:00Z\n')
    .replace('yes\n', 'yes,2026-10-31T11:00:00Z\n');
  const timesOf = async (mapping: object) =>
    (await read(sheet, mapping)).cohort.patients.map(({ observations }) =>
      observations.map(({ observedAt }) => observedAt - NOW),
    );
  expect(await timesOf({ ...WARD, arrival: 'came' })).toEqual([
    [-HOUR, -HOUR, 0, 0],
    [-25 * HOUR, -25 * HOUR],
  ]);
  const [[arrived] = []] = await timesOf({ ...WARD, windowHours: 0.333_333_3 });
  expect(arrived).toBe(-1_200_000);
});

const WINDOWS = { ...WARD, window: { column: 'window', first: '0-2' } };
const windows = (...rows: string[]) => [`${HEADER},window`, ...rows].join('\n');

test('features are of the first window alone, and the outcome of all: nothing is learned from what came later', async () => {
  const { cohort, alreadyInIcu } = await read(
    windows(
      ...['1,71,M,98.6,1,no,0-2', '1,71,M,104,99,yes,2-4', '1,71,M,105,100,yes,4-6'],
      // The order of rows tells nothing.
      ...['2,44,F,100,2,no,4-6', '2,44,F,98.6,1,no,0-2'],
      ...['3,50,F,98.6,1,yes,0-2', '3,50,F,98.6,1,yes,2-4'],
    ),
    WINDOWS,
  );
  expect(cohort.patients.map(({ id }) => id)).toEqual(['ward-7-1', 'ward-7-2']);
  expect(alreadyInIcu).toBe(1);
  for (const { observations } of cohort.patients)
    expect(observations.find(({ code }) => code === 'interleukin_6')?.value).toBe(1);
  expect(cohort.cases.map(({ admitted }) => admitted)).toEqual([true, false]);
});

test('a model may learn from a second window too, of those who were not in the ICU by then', async () => {
  const { cohort } = await read(
    windows(
      ...['1,71,M,98.6,1,no,0-2', '1,71,M,104,2,no,2-4', '1,71,M,105,3,yes,4-6'],
      ...['2,44,F,98.6,1,no,0-2', '2,44,F,100,2,yes,2-4'],
      ...['3,44,F,98.6,1,no,0-2'],
    ),
    { ...WINDOWS, window: { ...WINDOWS.window, alsoLearn: ['2-4'] } },
  );
  expect(
    cohort.cases.map(({ patient, admitted, features }) => [patient, admitted, features.get('interleukin_6')]),
  ).toEqual([
    ['1', true, 1],
    ['1', true, 2],
    ['2', true, 1],
    ['3', false, 1],
  ]);
  for (const { observations } of cohort.patients)
    expect(observations.find(({ code }) => code === 'interleukin_6')?.value).toBe(1);
});

test('a patient whose outcome is not known is shown and not learned from', async () => {
  const { cohort } = await read(SHEET.replace('yes', ''));
  expect(cohort.patients).toHaveLength(2);
  expect(cohort.cases).toHaveLength(1);
});

test.each<[string, string | Uint8Array, string]>([
  ['an empty file', '', 'got an empty file'],
  ['a header alone', `${HEADER}\n`, 'Expected rows under the names of the columns'],
  ['other columns', 'name,years\nJane,71\n', 'without 6 of them: case, later_icu, age, sex, temp_f, …'],
  ['a column twice', SHEET.replace('il6', 'il6,age').replaceAll(/(no|yes)/g, '$1,1'), 'got age twice'],
  ['a cell too many', `${SHEET}A-3,9,M,98,1,no,no\n`, 'Line 4: expected as many cells'],
  ['a cell too few', `${SHEET}A-3,9\n`, 'Line 4: expected as many cells'],
  ['no number', SHEET.replace('98.6', 'warm'), 'Line 2, column temp_f: expected a number'],
  ['a decimal comma', SHEET.replace('98.6', '"98,6"'), 'Line 2, column temp_f: expected a number'],
  ['infinity', SHEET.replace('98.6', 'Infinity'), 'Line 2, column temp_f: expected a number'],
  ['a hexadecimal number', SHEET.replace('98.6', '0x10'), 'Line 2, column temp_f: expected a number'],
  ['a value out of range', SHEET.replace('71', '171'), 'Line 2, column age: expected 0 to 120 a for age'],
  ['the largest number', SHEET.replace('12.5', '1e308'), 'Line 2, column il6: expected 0 to 9000'],
  ['a text that has no number', SHEET.replace('M', 'X'), 'Line 2, column sex: expected one of F, M'],
  [
    'a text that every object has',
    SHEET.replace('M', 'constructor'),
    'Line 2, column sex: expected one of F, M',
  ],
  ['another outcome', SHEET.replace('yes', 'maybe'), 'Line 3, column later_icu: expected yes or no'],
  ['a patient twice', `${SHEET}A-1,9,M,98,1,no\n`, 'Line 4: expected one row for each patient'],
  ['no id', SHEET.replace('A-1', ''), 'Line 2, column case: expected 1 to 40 letters'],
  [
    'an id that no FHIR id can hold',
    SHEET.replace('A-1', 'A_1'),
    'Line 2, column case: expected 1 to 40 letters',
  ],
  [
    'an id that is too long',
    SHEET.replace('A-1', 'A'.repeat(41)),
    'Line 2, column case: expected 1 to 40 letters',
  ],
  ['an id with SQL', SHEET.replace('A-1', "1'; DROP TABLE patient"), 'Line 2, column case'],
  ['a quote that stays open', `${SHEET}"A-3,9,M,98,1,no\n`, 'expected the end of a quoted cell'],
  ['a row without end', `${SHEET}"${'x'.repeat(2 ** 21)}`, 'a longer one (is a quote left open?)'],
  [
    'a file that is no text',
    Uint8Array.from({ length: 4_096 }, (_, i) => (i * 97) % 256),
    'Expected the columns',
  ],
])('a sheet is refused whole, with the place and without its cells: %s', async (_name, text, message) => {
  const said = await refusal(text);
  expect(said).toContain(message);
  expect(said).not.toMatch(/Jane|warm|171|maybe|DROP/);
});

test('windows that are missing or come twice are refused', async () => {
  const first = '1,71,M,98.6,1,no,0-2';
  expect(await refusal(windows(first, first), WINDOWS)).toContain('Line 3: expected one row for each window');
  expect(await refusal(windows('1,71,M,98.6,1,no,2-4'), WINDOWS)).toContain(
    'Line 2, column case: expected a row of the first window',
  );
});

test('what is no file, or too large a one, is refused before it is read', async () => {
  await expect(readSheet(tmpdir(), new Set(['a']), ',')).rejects.toThrow('Expected a CSV file');
  await expect(readSheet('/nowhere/sheet.csv', new Set(['a']), ',')).rejects.toThrow('Expected a CSV file');
});

test.each<[string, object, string]>([
  [
    'a code that nobody knows',
    { ...WARD, observations: [{ column: 'a', code: 'pulse' }] },
    'another one needs it',
  ],
  [
    'a known code with a type of its own',
    { ...WARD, observations: [{ ...WARD.observations[3], code: 'age' }] },
    'has its type already',
  ],
  [
    'a code twice',
    { ...WARD, observations: [WARD.observations[0], WARD.observations[0]] },
    'a code stands twice',
  ],
  ['no observations', { ...WARD, observations: [] }, 'observations'],
  ['a name too many', { ...WARD, patients: 'case' }, 'patients'],
  ['a cohort whose name is none', { ...WARD, cohort: 'Ward 7' }, 'cohort'],
  ['the name of the synthetic cohort', { ...WARD, cohort: 'synthetic' }, 'there already'],
])('a mapping is refused with the place of its fault: %s', async (_name, mapping, message) => {
  expect(await refusal(SHEET, mapping)).toContain(message);
});

test('a mapping that is neither built in nor a file is refused', async () => {
  await expect(openMapping('sirio')).rejects.toThrow('one of: sirio-libanes');
});

test('the built-in mapping gives codes of its own, without a unit', async () => {
  const { observations } = await openMapping('sirio-libanes');
  expect(observations).toHaveLength(72);
  for (const { code, type } of observations) {
    expect(OBSERVATION_TYPE_BY_CODE.has(code)).toBe(false);
    expect(type).toMatchObject({ unit: '1', scale: 'rank' });
  }
});
