import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chestElements, type DicomElements, dicomFile } from '../../subgraphs/imaging/testing/dicom-file.ts';
import { drawPhantom, PHANTOM_EDGE, phantomPng } from '../web/phantom.ts';
import { ask, type System, startSystem, upload } from './system.ts';

const RADIOGRAPH = `id format width height image { url mediaType width height }
  dicom { modality bodyPart viewPosition studyInstanceUID seriesInstanceUID sopInstanceUID }
  classification { cached findings { code probability } } heatmap { image { url } }`;
const UPLOAD = `mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) {
  jobs { id } userErrors { code message field } } }`;
const CLASSIFY = `mutation ($file: Upload!) { radiographClassify(input: { file: $file }) {
  radiograph { ${RADIOGRAPH} } userErrors { code message field } } }`;

const lines: string[] = [];
let system: System;
beforeAll(async () => {
  const logger = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
  system = await startSystem({ logger });
});
afterAll(() => system[Symbol.asyncDispose]());

// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests check
type Loose = any;

async function classified(file: Buffer): Promise<Loose> {
  const form = new FormData();
  form.set('operations', JSON.stringify({ query: CLASSIFY, variables: { file: null } }));
  form.set('map', '{"0":["variables.file"]}');
  form.set('0', new Blob([new Uint8Array(file)]), 'file');
  const headers = { 'apollo-require-preflight': '1' };
  const answer = await fetch(`${system.url}/graphql`, { method: 'POST', headers, body: form });
  const { data, errors } = (await answer.json()) as Loose;
  expect(errors).toBeUndefined();
  return data.radiographClassify;
}

/** The phantom in 12 bit, dark where it is bright, as a cassette reader would write it. */
function phantomFile(more: DicomElements = {}, start: 'PREAMBLE' | 'META' | 'NOTHING' = 'PREAMBLE'): Buffer {
  const pixels = Uint16Array.from(drawPhantom(), (grey) => (255 - grey) * 16);
  const elements = chestElements(pixels, PHANTOM_EDGE, {
    ...{ '00280004': ['CS', 'MONOCHROME1'], '00281050': ['DS', '2040.5'], '00281051': ['DS', '4081'] },
    ...more,
  });
  return dicomFile(elements, { start });
}

test('a DICOM file is read as the same picture in PNG is', async () => {
  const [dicom, png] = [await classified(phantomFile()), await classified(await phantomPng())];
  expect(dicom.userErrors).toEqual([]);
  const { format, width, height, image, heatmap, classification } = dicom.radiograph;
  expect({ format, width, height }).toEqual({ format: 'DICOM', width: PHANTOM_EDGE, height: PHANTOM_EDGE });
  expect(heatmap.image.url).toMatch(/^\/files\//);
  expect(classification.cached).toBe(false);
  expect(png.radiograph.dicom).toBeNull();
  expect(dicom.radiograph.dicom).toEqual({
    ...{ modality: 'CR', bodyPart: 'CHEST', viewPosition: 'PA' },
    ...{ studyInstanceUID: '2.25.1', seriesInstanceUID: '2.25.2', sopInstanceUID: '2.25.3' },
  });
  for (const [index, { code, probability }] of classification.findings.entries()) {
    const expected = png.radiograph.classification.findings[index];
    expect(code).toBe(expected.code);
    expect(probability).toBeCloseTo(expected.probability, 2);
  }

  const shown = await (await fetch(`${system.url}${image.url}`)).arrayBuffer();
  const grey = await sharp(Buffer.from(shown)).toColourspace('b-w').raw().toBuffer();
  const difference = drawPhantom().reduce((sum, value, i) => sum + Math.abs(value - (grey[i] ?? 0)), 0);
  expect(difference / grey.length).toBeLessThan(3);
});

test('who reads what a DICOM file says is in the audit trail', async () => {
  const [dicom, png] = [await classified(phantomFile()), await classified(await phantomPng())];
  using ledger = new DatabaseSync(join(system.dataDir, 'imaging.sqlite'), { readOnly: true });
  const reads = ledger.prepare(
    "SELECT count(*) AS times FROM audit WHERE action = 'READ_DICOM' AND target = ?",
  );
  expect(reads.get(dicom.radiograph.id)).toEqual({ times: 1 });
  expect(reads.get(png.radiograph.id)).toEqual({ times: 0 });
});

test('files without preamble become jobs beside others, and what is no chest radiograph is named', async () => {
  const files = [
    phantomFile({ '00080018': ['UI', '2.25.7'] }, 'META'),
    phantomFile({ '00180015': ['CS', 'FOOT'] }),
    phantomFile({}, 'NOTHING'),
    Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(64, 0xff)]),
  ];
  const { data, errors } = (await upload(system.url, UPLOAD, files)) as Loose;
  expect(errors).toBeUndefined();
  const { jobs, userErrors } = data.radiographUpload;
  expect(userErrors).toEqual([
    {
      code: 'UNSUPPORTED_IMAGE',
      message: 'Expected a radiograph of the chest, got one of another body part',
      field: ['input', 'files', '1'],
    },
    {
      code: 'UNSUPPORTED_IMAGE',
      message: 'The bytes are not those of a whole DICOM file',
      field: ['input', 'files', '3'],
    },
  ]);
  expect(jobs).toHaveLength(2);
  for (const { id } of jobs)
    await expect
      .poll(() => ask(system.url, `{ job(id: "${id}") { state radiograph { format } } }`), {
        timeout: 20_000,
      })
      .toMatchObject({ data: { job: { state: 'SUCCEEDED', radiograph: { format: 'DICOM' } } } });
});

const MARKER = 'PLANTED';
/** Where files tell of patients, and where they should not but do. */
const PLANTED: DicomElements = {
  '00080050': ['SH', `${MARKER}1`],
  '00080080': ['LO', `${MARKER}2`],
  '00080081': ['ST', `${MARKER}3`],
  '00080090': ['PN', `${MARKER}4^A`],
  '00081030': ['LO', `${MARKER}5`],
  '0008103E': ['LO', `${MARKER}6`],
  '00081070': ['PN', `${MARKER}7`],
  '00082111': ['ST', `${MARKER}8`],
  '00091001': ['LO', `${MARKER}9`],
  '00100010': ['PN', `${MARKER}10^A`],
  '00100020': ['LO', `${MARKER}11`],
  '00101000': ['LO', `${MARKER}12`],
  '00101040': ['LO', `${MARKER}13`],
  '001021B0': ['LT', `${MARKER}14`],
  '00104000': ['LT', `${MARKER}15`],
  '00180015': ['CS', `CHEST ${MARKER}`],
  '00181030': ['LO', `${MARKER}16`],
  '00185101': ['CS', `PA ${MARKER}`],
  '0020000E': ['UI', `${MARKER}17`],
  '00204000': ['LT', `${MARKER}18`],
  '00400275': ['SQ', { items: [{ '00400007': ['LO', `${MARKER}19`] }] }],
};

test('what a file tells of its patient is in no store, log or answer', async () => {
  const file = phantomFile(PLANTED);
  file.write(`${MARKER}20`, 0, 'latin1');
  const answers = [
    await classified(file),
    await classified(phantomFile({ ...PLANTED, '00080060': ['CS', MARKER] })),
    await classified(phantomFile({ ...PLANTED, '00280004': ['CS', MARKER] })),
    await classified(phantomFile({ ...PLANTED, '00180015': ['CS', MARKER] })),
    await classified(file.subarray(0, 1_500)),
  ];
  expect(answers.map(({ radiograph }) => radiograph !== null)).toEqual([true, false, false, false, false]);
  expect(answers[0].radiograph.dicom).toEqual({
    ...{ modality: 'CR', bodyPart: 'CHEST', viewPosition: 'PA' },
    ...{ studyInstanceUID: '2.25.1', seriesInstanceUID: null, sopInstanceUID: '2.25.3' },
  });
  expect(lines.length).toBeGreaterThan(0);
  const { url } = answers[0].radiograph.image;
  const shown = Buffer.from(await (await fetch(`${system.url}${url}`)).arrayBuffer());
  expect(shown.length).toBeGreaterThan(1_000);
  const stored = readdirSync(system.dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  expect(stored.length).toBeGreaterThan(3);
  const told = [JSON.stringify(answers), lines.join(''), shown.toString('latin1')];
  const everywhere = [...told, ...stored.map((bytes) => bytes.toString('latin1'))];
  expect(everywhere.filter((text) => text.includes(MARKER))).toEqual([]);
});
