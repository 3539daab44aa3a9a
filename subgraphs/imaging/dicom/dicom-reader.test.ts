import dcmjsCodecs from 'dcmjs-codecs';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chestElements, type DicomElements, dicomFile } from '../testing/dicom-file.ts';
import { encodedPixels } from '../testing/encoded-pixels.ts';
import { type DicomReader, startDicomReader } from './dicom-reader.ts';
import { TRANSFER_SYNTAXES } from './transfer-syntaxes.ts';

const COLUMNS = 48;
const PIXELS = Uint16Array.from({ length: COLUMNS * 32 }, (_, i) => ((i % COLUMNS) * 85 + i) % 4096);
const silent = pino({ level: 'silent' });
const SLOW = 120_000;

let reader: DicomReader;
beforeAll(async () => {
  reader = startDicomReader(silent);
  await dcmjsCodecs.NativeCodecs.initializeAsync();
});
afterAll(() => reader[Symbol.asyncDispose]());

const aFile = (more: DicomElements = {}) => dicomFile(chestElements(PIXELS, COLUMNS, more));
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'UNSUPPORTED_IMAGE', message: expect.stringMatching(message) });

test('a chest radiograph is read with what is kept of its file', async () => {
  const { grey, columns, rows, facts } = await reader.read(aFile());
  expect([columns, rows, grey.length]).toEqual([COLUMNS, 32, PIXELS.length]);
  expect(facts).toEqual({
    ...{ modality: 'CR', bodyPart: 'CHEST', viewPosition: 'PA' },
    ...{ studyInstanceUID: '2.25.1', seriesInstanceUID: '2.25.2', sopInstanceUID: '2.25.3' },
  });
});

test('body part, view and names may be left out, and are null', async () => {
  const nothing = ['CS', ''] as const;
  const more = { '00180015': nothing, '00185101': nothing, '0020000D': ['UI', 'DOE^JOHN'] as const };
  const { facts } = await reader.read(aFile(more));
  expect(facts).toMatchObject({ bodyPart: null, viewPosition: null, studyInstanceUID: null });
});

test('words of the standard alone are kept', async () => {
  const more: DicomElements = { '00180015': ['CS', 'CHEST DOE'], '00185101': ['CS', 'AP DOE'] };
  const { facts } = await reader.read(aFile(more));
  expect(facts).toMatchObject({ bodyPart: 'CHEST', viewPosition: 'AP' });
});

test.each<[string, DicomElements, RegExp]>([
  ['another modality', { '00080060': ['CS', 'CT'] }, /modality CR or DX/],
  ['another body part', { '00180015': ['CS', 'HAND'] }, /of the chest/],
  ['a side view', { '00185101': ['CS', 'LL'] }, /frontal view/],
  ['colour', { '00280004': ['CS', 'RGB'], '00280002': ['US', [3]] }, /grey picture/],
  ['a palette', { '00280004': ['CS', 'PALETTE COLOR'] }, /grey picture/],
  ['several frames', { '00280008': ['IS', '2'] }, /single picture/],
  ['no picture', { '00280010': ['US', [0]] }, /without one/],
  ['more pixels than are taken', { '00280010': ['US', [60_000]], '00280011': ['US', [60_000]] }, /at most/],
  ['fewer pixels than it claims', { '00280010': ['US', [33]] }, /got fewer/],
  ['values of 32 bit', { '00280100': ['US', [32]] }, /1 to 16 bits/],
])('%s is refused in plain words', async (_name, more, message) => {
  await expect(reader.read(aFile(more))).rejects.toEqual(refused(message));
});

const script = new URL('../testing/dying-decoder.ts', import.meta.url);

test('a thread that dies fails its own file alone, and another takes its place', async () => {
  await using dying = startDicomReader(silent, { script });
  const files = [0, 1, 0, 1, 1, 0].map((first) => dying.read(Uint8Array.of(first)));
  const outcomes = (await Promise.allSettled(files)).map(({ status }) => status);
  const [read, lost] = ['fulfilled', 'rejected'];
  expect(outcomes).toEqual([read, lost, read, lost, lost, read]);
});

test('a thread that does not come to an end is given up at its deadline', async () => {
  await using lost = startDicomReader(silent, { script, deadlineMs: 4_000 });
  await expect(lost.read(Uint8Array.of(2))).rejects.toEqual(refused(/do not decode/));
  expect(await lost.read(Uint8Array.of(0))).toMatchObject({ columns: 1 });
});

test('a thread that has nothing to do ends, and another reads the next file', async () => {
  const timesRead = async (reader: DicomReader) => {
    const { facts } = await reader.read(Uint8Array.of(0));
    return facts.sopInstanceUID;
  };
  await using thrifty = startDicomReader(silent, { script, idleMs: 0 });
  await timesRead(thrifty);
  await expect.poll(() => timesRead(thrifty)).toBe('1');
  await using lasting = startDicomReader(silent, { script });
  expect([await timesRead(lasting), await timesRead(lasting)]).toEqual(['1', '2']);
});

/** Numbers that follow from a seed. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('of 300 damaged files each is read or refused by its code, and none harms another', {
  timeout: SLOW,
}, async () => {
  const chance = seeded(20_261);
  const whole = [...TRANSFER_SYNTAXES].map(([transferSyntax, { kind }]) => {
    if (kind === 'native') return aFile();
    const { codestream, more } = encodedPixels(transferSyntax, PIXELS, COLUMNS);
    return dicomFile(chestElements(PIXELS, COLUMNS, more), { transferSyntax, codestream });
  });
  const damaged = Array.from({ length: 300 }, (_, index) => {
    const file = Buffer.from(whole[index % whole.length] ?? '');
    if (chance(4) === 0) return file.subarray(0, chance(file.length));
    for (let flips = 1 + chance(8); flips > 0; flips -= 1) {
      const at = 128 + chance(file.length - 128);
      file[at] = (file[at] ?? 0) ^ (1 << chance(8));
    }
    return file;
  });
  const outcomes = await Promise.allSettled(damaged.map((file) => reader.read(file)));
  const codes = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : [],
  );
  expect(new Set(codes)).toEqual(new Set(['UNSUPPORTED_IMAGE']));
  expect(codes.length).toBeGreaterThan(50);
  expect(codes.length).toBeLessThan(300);
  for (const file of whole) expect((await reader.read(file)).grey).toHaveLength(PIXELS.length);
});
