import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { program } from '#common/testing/programs.ts';
import { chestElements, type DicomElements, dicomFile } from '../../subgraphs/imaging/testing/dicom-file.ts';
import { orthancServer, type RunningOrthanc, startOrthanc } from '../../subgraphs/imaging/testing/orthanc.ts';
import { drawPhantom, PHANTOM_EDGE } from '../web/phantom.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { ask, type System, startSystem, upload } from './system.ts';

const dciodvfy = program('dciodvfy');
if (!orthancServer) console.warn('SKIPPED: studies are imported from Orthanc, which is not installed');
if (!dciodvfy)
  console.warn('SKIPPED: written objects are checked by dciodvfy (dicom3tools), which is not installed');
const run = promisify(execFile);

/** Files that are not ours to give away: they lie beside the project where they are at hand. */
const REAL = join(import.meta.dirname, '../../../shared/data/dicom/cr_chest_j2k_lossy.dcm');
if (!existsSync(REAL))
  console.warn('SKIPPED: a real study is imported from ../shared/data/dicom, which is not there');

const IMPORT = `mutation ($study: String!, $patient: ID) {
  studyImport(input: { studyInstanceUID: $study, patientId: $patient }) {
    jobs { id radiograph { id } } skipped userErrors { code message field } } }`;
const STORE = `mutation ($id: ID!, $heatmap: HeatmapClaim) {
  studyResultStore(input: { radiographId: $id, heatmap: $heatmap }) {
    result {
      structuredReport { sopClassUID studyInstanceUID seriesInstanceUID sopInstanceUID }
      heatmap { sopClassUID studyInstanceUID seriesInstanceUID sopInstanceUID }
    }
    userErrors { code message field } } }`;
const UPLOAD = `mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) { jobs { id radiograph { id } } } }`;
const READ = `query ($id: ID!) { radiograph(id: $id) {
  format patient { id } image { url }
  dicom { modality bodyPart viewPosition studyInstanceUID seriesInstanceUID sopInstanceUID }
  classification { finding { code probability } decision model { name version digest } }
  heatmap { claim image { url } } } }`;

const MARKER = 'PLANTED';
const PATIENT: DicomElements = {
  '00080020': ['DA', '20261103'],
  '00080030': ['TM', '101112'],
  '00080050': ['SH', `${MARKER}1`],
  '00080080': ['LO', `${MARKER}2`],
  '00080090': ['PN', `${MARKER}3^A`],
  '00080201': ['SH', '+0530'],
  '00081030': ['LO', `${MARKER}4`],
  '0008103E': ['LO', `${MARKER}5`],
  '00081070': ['PN', `${MARKER}6`],
  '00100010': ['PN', `${MARKER}7^Zoe`],
  '00100020': ['LO', `${MARKER}8`],
  '00100030': ['DA', '19700102'],
  '00100040': ['CS', 'F'],
  '00104000': ['LT', `${MARKER}9`],
  '00200010': ['SH', `${MARKER}10`],
  '00200011': ['IS', '1'],
  '00200013': ['IS', '1'],
  '00200020': ['CS', 'L\\F'],
};

/** The phantom as a file of a study. */
function phantomFile(study: string, instance: string, more: DicomElements = {}): Buffer {
  const pixels = Uint16Array.from(drawPhantom(), (grey) => grey * 16);
  const uids: DicomElements = {
    '00080018': ['UI', instance],
    '0020000D': ['UI', study],
    '0020000E': ['UI', `${study}.1`],
  };
  const windowed: DicomElements = { '00281050': ['DS', '2040.5'], '00281051': ['DS', '4081'] };
  return dicomFile(chestElements(pixels, PHANTOM_EDGE, { ...PATIENT, ...windowed, ...uids, ...more }));
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests check
type Loose = any;

// A study goes through every part several times.
describe.skipIf(!orthancServer)('with a PACS', { timeout: 60_000 }, () => {
  const lines: string[] = [];
  const answers: unknown[] = [];
  let orthanc: RunningOrthanc;
  let system: System;

  beforeAll(async () => {
    orthanc = await startOrthanc();
    const logger = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
    system = await startSystem({ logger, imagingSettings: orthanc.settings });
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await orthanc[Symbol.asyncDispose]();
  });

  const asked = async (query: string, variables: object): Promise<Loose> => {
    const answer = (await ask(system.url, query, variables)) as Loose;
    answers.push(answer);
    return answer;
  };
  const imported = async (study: string, patient: string | null = null): Promise<Loose> => {
    const { data, errors } = await asked(IMPORT, { study, patient });
    expect(errors).toBeUndefined();
    return data.studyImport;
  };
  const stored = async (id: string, heatmap: string | null = null): Promise<Loose> => {
    const { data, errors } = await asked(STORE, { id, heatmap });
    expect(errors).toBeUndefined();
    return data.studyResultStore;
  };
  const succeeded = (jobId: string) =>
    expect
      .poll(() => ask(system.url, `{ job(id: "${jobId}") { state } }`), { timeout: 40_000 })
      .toMatchObject({ data: { job: { state: 'SUCCEEDED' } } });
  const radiographOf = async (id: string): Promise<Loose> => (await asked(READ, { id })).data.radiograph;

  /** The instances of a study as the PACS lists them: SOP class and instance. */
  const listed = async (study: string): Promise<string[][]> => {
    const found = (await (await orthanc.get(`/studies/${study}/instances`)).json()) as Loose[];
    return found.map((one) => [one['00080016'].Value[0], one['00080018'].Value[0]]);
  };
  const fileOf = async ({ studyInstanceUID, seriesInstanceUID, sopInstanceUID }: Loose): Promise<Buffer> => {
    const path = `/studies/${studyInstanceUID}/series/${seriesInstanceUID}/instances/${sopInstanceUID}`;
    const answer = await orthanc.get(path, 'multipart/related; type="application/dicom"; transfer-syntax=*');
    const body = Buffer.from(await answer.arrayBuffer());
    const start = body.indexOf('\r\n\r\n') + 4;
    return body.subarray(start, body.lastIndexOf('\r\n--'));
  };

  test('a study is imported, classified and gets its result, each once, and nothing is kept of its patient', async () => {
    const study = '2.25.101';
    await orthanc.stow(
      phantomFile(study, '2.25.102'),
      phantomFile(study, '2.25.103', { '00185101': ['CS', 'LL'] }),
      phantomFile(study, '2.25.104', { '0020000E': ['UI', '2.25.105'], '00080060': ['CS', 'CT'] }),
    );
    const first = await imported(study, '7');
    expect(first).toMatchObject({
      skipped: 1,
      userErrors: [
        {
          code: 'UNSUPPORTED_IMAGE',
          message: 'Expected a frontal view (PA or AP), got another one',
          field: ['input', 'studyInstanceUID'],
        },
      ],
    });
    expect(first.jobs).toHaveLength(1);
    const [{ id: jobId, radiograph }] = first.jobs;
    await succeeded(jobId);
    const read = await radiographOf(radiograph.id);
    expect(read).toMatchObject({
      ...{ format: 'DICOM', patient: { id: '7' } },
      dicom: {
        ...{ modality: 'CR', bodyPart: 'CHEST', viewPosition: 'PA', studyInstanceUID: study },
        ...{ seriesInstanceUID: '2.25.101.1', sopInstanceUID: '2.25.102' },
      },
    });

    expect((await imported(study, '7')).jobs).toEqual(first.jobs);
    const atOnce = await Promise.all([imported(study, '8'), imported(study, '8')]);
    const ids = new Set(atOnce.flatMap(({ jobs }) => jobs.map(({ id }: Loose) => id)));
    expect(ids.size).toBe(1);
    expect(ids).not.toContain(jobId);

    const alone = await stored(radiograph.id);
    expect(alone).toMatchObject({
      result: {
        structuredReport: { sopClassUID: '1.2.840.10008.5.1.4.1.1.88.34', studyInstanceUID: study },
        heatmap: null,
      },
      userErrors: [],
    });
    const written = await stored(radiograph.id, read.heatmap.claim);
    const { structuredReport, heatmap } = written.result;
    expect(structuredReport).toEqual(alone.result.structuredReport);
    expect(await stored(radiograph.id, read.heatmap.claim)).toEqual(written);
    const both = [structuredReport, heatmap].map(({ sopClassUID, sopInstanceUID }) => [
      sopClassUID,
      sopInstanceUID,
    ]);
    for (const [, uid] of both) expect(uid).toMatch(/^2\.25\.\d+$/);
    const now = await listed(study);
    expect(now).toHaveLength(3 + both.length);
    expect(now).toEqual(expect.arrayContaining(both));

    // What we wrote is no radiograph.
    expect(await imported(study, '7')).toEqual({ ...first, skipped: 3 });

    await checkObjects(await fileOf(structuredReport), await fileOf(heatmap), read);
    checkNothingIsKept();
  });

  async function checkObjects(report: Buffer, capture: Buffer, { classification }: Loose): Promise<void> {
    const files = ['report', 'capture'].map((name) => join(system.dataDir, `written-${name}.dcm`));
    const [reportFile = '', captureFile = ''] = files;
    writeFileSync(reportFile, report);
    writeFileSync(captureFile, capture);
    // What the PACS holds tells of its patient again, and of nothing that a write-back has no need of.
    for (const bytes of [report, capture]) {
      for (const marker of [1, 3, 4, 7, 8, 10]) expect(bytes.includes(`${MARKER}${marker}`)).toBe(true);
      for (const marker of [2, 5, 6, 9]) expect(bytes.includes(`${MARKER}${marker}`)).toBe(false);
      expect(bytes.toString('latin1')).toMatch(/not for clinical use/i);
    }
    const percent = Math.round(classification.finding.probability * 1000) / 10;
    expect(report.includes('UNVERIFIED')).toBe(true);
    expect(report.includes(`Decision: ${classification.decision}`)).toBe(true);
    expect(report.includes(String(percent))).toBe(true);
    for (const file of files)
      if (dciodvfy) expect((await run(dciodvfy, [file])).stderr).not.toMatch(/^(Error|Abort)/m);
    if (program('dsrdump'))
      expect((await run('dsrdump', [reportFile])).stdout).toMatch(
        /Verification Flag +: UNVERIFIED[\s\S]*Imaging Measurement Report[\s\S]*Certainty of Finding[\s\S]*Algorithm Version/,
      );
    for (const file of files) rmSync(file);
  }

  function checkNothingIsKept(): void {
    expect(lines.length).toBeGreaterThan(0);
    const files = readdirSync(system.dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    expect(files.length).toBeGreaterThan(3);
    const everywhere = [lines.join(''), JSON.stringify(answers), ...files];
    expect(everywhere.filter((text) => text.includes(MARKER) || text.includes('p:ss'))).toEqual([]);
  }

  test.runIf(existsSync(REAL))(
    'a real study of a chest is imported, and gets a result that is sound',
    async () => {
      const file = readFileSync(REAL);
      await orthanc.stow(file);
      const [study] = /1\.3\.6\.1\.4\.1\.5962\.1\.2\.[\d.]+/.exec(file.toString('latin1')) ?? [];
      const { jobs, skipped, userErrors } = await imported(String(study));
      expect({ skipped, userErrors }).toEqual({ skipped: 0, userErrors: [] });
      const [{ id, radiograph }] = jobs;
      await succeeded(id);
      const { heatmap: drawn } = await radiographOf(radiograph.id);
      const { structuredReport, heatmap } = (await stored(radiograph.id, drawn.claim)).result;
      for (const object of [structuredReport, heatmap]) {
        const path = join(system.dataDir, 'written.dcm');
        writeFileSync(path, await fileOf(object));
        if (dciodvfy) expect((await run(dciodvfy, [path])).stderr).not.toMatch(/^(Error|Abort)/m);
        rmSync(path);
      }
    },
  );

  test('what cannot be is refused in words', async () => {
    expect(await imported('2.25.999')).toMatchObject({
      ...{ jobs: [], skipped: null },
      userErrors: [{ code: 'NOT_FOUND', message: 'The PACS has no study with this UID' }],
    });
    for (const study of ['', '1.02', '../studies', '2.25.1/series', 'x', `1.${'2'.repeat(63)}`])
      expect(await imported(study)).toMatchObject({ jobs: [], userErrors: [{ code: 'BAD_USER_INPUT' }] });
    expect(await stored('no-such-radiograph')).toMatchObject({
      result: null,
      userErrors: [{ code: 'NOT_FOUND' }],
    });

    // It names a study that the PACS knows, but came from elsewhere: it may name anybody's.
    await orthanc.stow(phantomFile('2.25.201', '2.25.202'));
    const { data } = (await upload(system.url, UPLOAD, [phantomFile('2.25.201', '2.25.202')])) as Loose;
    const [uploadedJob] = data.radiographUpload.jobs;
    await succeeded(uploadedJob.id);
    expect(await stored(uploadedJob.radiograph.id)).toMatchObject({
      result: null,
      userErrors: [{ code: 'BAD_USER_INPUT', message: expect.stringContaining('got one that was uploaded') }],
    });

    const [own] = (await imported('2.25.201')).jobs;
    expect(own.id).not.toBe(uploadedJob.id);
    await succeeded(own.id);
    const { heatmap } = await radiographOf(uploadedJob.radiograph.id);
    for (const claim of [heatmap.claim, 'junk', ''])
      expect(await stored(own.radiograph.id, claim)).toMatchObject({
        result: null,
        userErrors: [
          { code: 'BAD_USER_INPUT', message: expect.stringContaining('a heatmap of this radiograph') },
        ],
      });
    expect(await listed('2.25.201')).toHaveLength(1);
  });

  test('while the PACS is away the caller is told to come back, and can', async () => {
    const study = '2.25.301';
    await orthanc.stow(phantomFile(study, '2.25.302'));
    await orthanc.kill();
    const away = await asked(IMPORT, { study });
    expect(away).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'OVERLOADED' }, message: expect.stringContaining('The PACS') }],
    });
    expect(JSON.stringify(away)).not.toMatch(/127\.0\.0\.1|2\.25|ECONN/);
    await orthanc.start();
    const [job] = (await imported(study)).jobs;
    await succeeded(job.id);
    await orthanc.kill();
    expect(await asked(STORE, { id: job.radiograph.id })).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'OVERLOADED' } }],
    });
    await orthanc.start();
    expect((await stored(job.radiograph.id)).result.structuredReport).toBeTruthy();
    expect(await listed(study)).toHaveLength(2);
  });
});

test('both want the scope radiograph:write, and a PACS', async () => {
  await using provider: IdentityProvider = await startIdentityProvider();
  await using guarded = await startSystem({ gateway: provider.settings });
  const refusal = async (query: string, scope: string): Promise<Loose> => {
    const authorization = `Bearer ${await provider.token({ scope })}`;
    const headers = { 'content-type': 'application/json', authorization };
    const init = { method: 'POST', headers, body: JSON.stringify({ query }) };
    return (await (await fetch(`${guarded.url}/graphql`, init)).json()) as Loose;
  };
  const report = 'result { structuredReport { sopInstanceUID } }';
  for (const [field, query] of [
    [
      'studyImport',
      'mutation { studyImport(input: { studyInstanceUID: "1.2" }) { skipped userErrors { code } } }',
    ],
    [
      'studyResultStore',
      `mutation { studyResultStore(input: { radiographId: "1" }) { ${report} userErrors { code message } } }`,
    ],
  ] as const) {
    expect(await refusal(query, 'radiograph:read dicom:read')).toMatchObject({
      errors: [
        { message: `Mutation.${field} needs the scope radiograph:write`, extensions: { code: 'FORBIDDEN' } },
      ],
    });
    const without = JSON.stringify(await refusal(query, 'radiograph:write'));
    expect(without).toContain('No PACS is connected to this service');
    expect(without).toContain('BAD_USER_INPUT');
  }
});
