import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import dicomParser from 'dicom-parser';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { program } from '#common/testing/programs.ts';
import type { StoredClassification } from '../domain/classification.ts';
import type { DicomFacts } from '../domain/dicom-facts.ts';
import type { DicomJson } from './dicom-json.ts';
import { dateAndTime, NOT_FOR_CLINICAL_USE } from './dicom-object.ts';
import { secondaryCapture } from './secondary-capture.ts';
import { structuredReport } from './structured-report.ts';

const dciodvfy = program('dciodvfy');
if (!dciodvfy)
  console.warn('SKIPPED: written objects are checked by dciodvfy (dicom3tools), which is not installed');
const run = promisify(execFile);

const AT = Date.UTC(2026, 10, 3, 20, 30, 15);
const FACTS: DicomFacts = {
  ...{ modality: 'DX', bodyPart: 'CHEST', viewPosition: 'PA' },
  ...{ studyInstanceUID: '1.2.1', seriesInstanceUID: '1.2.2', sopInstanceUID: '1.2.3' },
};
const IMAGE = {
  ...{ sopClassUID: '1.2.840.10008.5.1.4.1.1.1.1', sopInstanceUID: '1.2.3' },
  ...{ studyInstanceUID: '1.2.1', seriesInstanceUID: '1.2.2' },
};
const UIDS = { seriesInstanceUID: '2.25.1', sopInstanceUID: '2.25.2' };

const SOURCES: Readonly<Record<string, DicomJson>> = {
  whole: {
    '00080020': { vr: 'DA', Value: ['20261103'] },
    '00080030': { vr: 'TM', Value: ['101112'] },
    '00080050': { vr: 'SH', Value: ['A1'] },
    '00080090': { vr: 'PN', Value: [{ Alphabetic: 'Who^Doctor' }] },
    '00080201': { vr: 'SH', Value: ['-0330'] },
    '00081030': { vr: 'LO', Value: ['Chest, routine'] },
    '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Müller^Jörg', Ideographic: '山田^太郎' }] },
    '00100020': { vr: 'LO', Value: ['P1'] },
    '00100021': { vr: 'LO', Value: ['Ward 7'] },
    '00100030': { vr: 'DA', Value: ['19700102'] },
    '00100040': { vr: 'CS', Value: ['O'] },
    '00101010': { vr: 'AS', Value: ['056Y'] },
    '0020000D': { vr: 'UI', Value: ['1.2.1'] },
    '00200010': { vr: 'SH', Value: ['S1'] },
    '00200020': { vr: 'CS', Value: ['L', 'F'] },
    '00280301': { vr: 'CS', Value: ['NO'] },
  },
  bare: { '0020000D': { vr: 'UI', Value: ['1.2.1'] } },
  odd: {
    '00080020': { vr: 'DA', Value: [null] },
    '00080050': { vr: 'SH' },
    '00080090': { vr: 'PN', Value: [{ Alphabetic: 7 }] },
    '00080201': { vr: 'SH', Value: ['noon'] },
    '00100010': { vr: 'SQ', Value: [{ '00100020': { vr: 'LO', Value: ['x'] } }] },
    '00100020': { vr: 'LO', Value: [{ a: 1 }] },
    '0020000D': { vr: 'UI', Value: ['1.2.1'] },
    '00200020': { vr: 'CS', Value: ['L'] },
    '00280301': { vr: 'CS', Value: ['MAYBE'] },
  },
};

const labels = [
  { code: 'COVID19', display: 'COVID-19', disease: true },
  { code: 'NORMAL', display: 'Normal', disease: false },
  { code: 'A_LABEL_THAT_NOBODY_KNOWS', display: 'x'.repeat(100), disease: true },
];
const CLASSIFICATION: StoredClassification = {
  radiographId: 'r1',
  cached: false,
  model: {
    name: 'covid19',
    version: '1',
    digest: `sha256:${'ab'.repeat(32)}`,
    labels,
    thresholds: { COVID19: 0.5 },
  },
  inference: {
    ...{ probabilities: [0.873, 0.1, 0.027], maps: Buffer.alloc(0), mapHeight: 1, mapWidth: 1 },
    ...{ modelVersion: '1', pool: 'embedded' },
  },
};

const UNLIKE: StoredClassification = {
  ...CLASSIFICATION,
  model: { ...CLASSIFICATION.model, outlierThreshold: 1 },
  inference: { ...CLASSIFICATION.inference, outlierScore: 2 },
};
const UNSURE: StoredClassification = {
  ...CLASSIFICATION,
  model: { ...CLASSIFICATION.model, thresholds: { COVID19: 0.9 } },
};

const report = (source: DicomJson, classification = CLASSIFICATION) =>
  structuredReport({ classification, at: AT, facts: FACTS, image: IMAGE, source, ...UIDS });

async function capture(source: DicomJson, edge = 301): Promise<Buffer> {
  const picture = await sharp({ create: { width: edge, height: 201, channels: 3, background: '#c86432' } })
    .jpeg()
    .toBuffer();
  const caption = 'GRAD_CAM COVID19 87.3 % MODEL covid19 1';
  const drawn = { picture, caption, model: CLASSIFICATION.model, at: AT, facts: FACTS, instanceNumber: 1 };
  return secondaryCapture({ ...drawn, image: IMAGE, source, ...UIDS });
}

async function errorsOf(file: Buffer): Promise<string[]> {
  if (!dciodvfy) throw new Error('There is no dciodvfy');
  const folder = mkdtempSync(join(tmpdir(), 'written-'));
  try {
    const path = join(folder, 'written.dcm');
    writeFileSync(path, file);
    // It ends with 1 when it found an error.
    const { stderr } = await run(dciodvfy, [path]).catch((error: { stderr: string }) => error);
    return stderr.split('\n').filter((line) => /^(Error|Abort)/.test(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.skipIf(!dciodvfy).each(Object.keys(SOURCES))('what is written of a %s source is sound', async (name) => {
  const source = SOURCES[name] ?? {};
  for (const classification of [CLASSIFICATION, UNLIKE, UNSURE])
    expect(await errorsOf(await report(source, classification))).toEqual([]);
  expect(await errorsOf(await capture(source))).toEqual([]);
});

test.runIf(dciodvfy)('the check sees what is missing', async () => {
  const wrong = Buffer.from(
    (await report(SOURCES.whole ?? {})).toString('latin1').replace('UNVERIFIED', 'UNHEARD OF'),
    'latin1',
  );
  expect(await errorsOf(wrong)).not.toEqual([]);
});

test('a report tells of its patient and study, each finding, the model, and that nobody verified it', async () => {
  const dataSet = dicomParser.parseDicom(await report(SOURCES.whole ?? {}));
  const text = (tag: string) => dataSet.string(tag);
  const bytes = (await report(SOURCES.whole ?? {})).toString('utf8');
  expect(bytes).toContain('Müller^Jörg=山田^太郎');
  expect([text('x00100020'), text('x00080050'), text('x0020000d')]).toEqual(['P1', 'A1', '1.2.1']);
  expect([text('x00080016'), text('x00080060'), text('x0040a493'), text('x0040a496')]).toEqual([
    ...['1.2.840.10008.5.1.4.1.1.88.34', 'SR', 'UNVERIFIED', 'PRELIMINARY'],
  ]);
  // 20:30 UTC where it is three and a half hours earlier.
  expect([text('x00080023'), text('x00080033'), text('x00080201')]).toEqual(['20261103', '170015', '-0330']);
  for (const said of [
    '840539006',
    '87.3',
    '17621005',
    'A_LABEL_THAT_NOBODY_KNOWS',
    '99RADIOGRAPH',
    'covid19',
  ])
    expect(bytes).toContain(said);
  expect(bytes).toContain('Decision: POSITIVE; threshold 50 %.');
  expect(bytes).toMatch(/Not for clinical use/);
});

test('where nothing is decided the report says so before any number, and has none that would mean nothing', async () => {
  const unlike = (await report(SOURCES.whole ?? {}, UNLIKE)).toString('utf8');
  expect(unlike).toContain(`${NOT_FOR_CLINICAL_USE} Nothing is decided: the image is unlike`);
  expect(unlike).toContain('INDETERMINATE (OUT_OF_DISTRIBUTION).');
  expect(unlike.match(/Value indeterminate/g)).toHaveLength(3);
  expect(unlike).not.toContain('87.3');
  expect(unlike).not.toMatch(/\d %/);
  const unsure = (await report(SOURCES.whole ?? {}, UNSURE)).toString('utf8');
  expect(unsure).toContain(`${NOT_FOR_CLINICAL_USE} Nothing is decided: no finding reaches its threshold.`);
  expect(unsure).toContain('INDETERMINATE (BELOW_THRESHOLD); threshold 90 %.');
  expect(unsure).not.toContain('Value indeterminate');
});

test('the same result is the same file', async () => {
  const source = SOURCES.whole ?? {};
  expect(await report(source)).toEqual(await report(source));
  expect(await capture(source)).toEqual(await capture(source));
});

test('a capture holds the picture, and below it what it is', async () => {
  const file = await capture(SOURCES.whole ?? {});
  const dataSet = dicomParser.parseDicom(file);
  const [rows = 0, columns] = [dataSet.uint16('x00280010'), dataSet.uint16('x00280011')];
  expect(columns).toBe(301);
  expect(rows).toBeGreaterThan(201);
  const pixels = dataSet.elements.x7fe00010;
  expect(pixels?.length).toBe(rows * 301 * 3 + ((rows * 301) % 2));
  const at = (x: number, y: number) => [
    ...file.subarray((pixels?.dataOffset ?? 0) + (y * 301 + x) * 3).subarray(0, 3),
  ];
  expect(at(150, 100).map((value, i) => Math.abs(value - (SHADE[i] ?? 0)) < 4)).toEqual([true, true, true]);
  const below = Array.from(
    { length: (rows - 201) * 301 },
    (_, i) => at(i % 301, 201 + Math.floor(i / 301))[0],
  );
  expect(new Set(below)).toEqual(new Set([0, 255]));
  expect(dataSet.string('x00180015')).toBe('CHEST');
  expect(dataSet.string('x00200060')).toBeUndefined();
  expect(dataSet.string('x00204000')).toMatch(/^Not for clinical use/);
});

const SHADE = [0xc8, 0x64, 0x32];

test('a moment is told in the time of the source', () => {
  const source = (offset: string): DicomJson => ({ '00080201': { vr: 'SH', Value: [offset] } });
  expect(dateAndTime(AT, source('+0530'))).toEqual({ date: '20261104', time: '020015' });
  expect(dateAndTime(AT, source('-1000 '))).toEqual({ date: '20261103', time: '103015' });
  expect(dateAndTime(AT, source('+0000'))).toEqual({ date: '20261103', time: '203015' });
});
