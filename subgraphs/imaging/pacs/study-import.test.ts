import { expect, test } from 'vitest';
import { RadiographError } from '#common/errors.ts';
import { openFolderBlobStore } from '#common/folder-blob-store.ts';
import { openKeys } from '#common/keys.ts';
import { openClaim } from '#common/upload-claim.ts';
import { aRadiograph } from '../stores/ledger-cases.ts';
import { openSqliteLedger } from '../stores/sqlite-ledger.ts';
import { chestElements, dicomFile } from '../testing/dicom-file.ts';
import { aFolder } from '../testing/system.ts';
import type { DicomwebClient } from './dicomweb-client.ts';
import { createStudyImport } from './study-import.ts';

const FILE = dicomFile(chestElements(new Uint16Array(4), 2));
const ORDER = { studyInstanceUID: '1.2', patientId: null, actor: 'alice', priority: 'ROUTINE' } as const;
const ALIVE = new AbortController().signal;

type Listed = readonly (readonly [sopInstanceUID: string, file?: Buffer | Error])[];

/** Imports what a PACS lists that Orthanc cannot be made to list, into a real ledger and store. */
async function importOf(...series: Listed[]) {
  await using folder = await aFolder();
  const keys = await openKeys(folder.path);
  const blobs = await openFolderBlobStore(folder.path, keys);
  await using ledger = openSqliteLedger(folder.path);
  const fetched: string[] = [];
  const pacs: Pick<DicomwebClient, 'series' | 'instances' | 'retrieve'> = {
    series: async () =>
      series.map((_, i) => ({
        seriesInstanceUID: `1.2.${i}`,
        modality: i === 9 ? 'SR' : 'CR',
        size: undefined,
      })),
    instances: async (studyInstanceUID, seriesInstanceUID) =>
      (series[Number(seriesInstanceUID.split('.')[2])] ?? []).map(([sopInstanceUID]) => ({
        ...{ studyInstanceUID, seriesInstanceUID, sopInstanceUID },
        isImage: true,
      })),
    async retrieve({ sopInstanceUID }, take) {
      fetched.push(sopInstanceUID);
      const [, file = FILE] = series.flat().find(([uid]) => uid === sopInstanceUID) ?? [sopInstanceUID];
      if (file instanceof Error) throw file;
      const bytes = file;
      async function* pieces() {
        for (let at = 0; at < bytes.length; at += 50) yield bytes.subarray(at, at + 50);
      }
      return take(pieces());
    },
  };
  const importStudy = createStudyImport({
    ...{
      pacs: pacs as DicomwebClient,
      blobs,
      ledger,
      claimKey: keys('upload-claim'),
      mostBytes: 1024 * 1024,
    },
    async intake(claim) {
      expect(await blobs.get(openClaim(keys('upload-claim'), claim).address)).toEqual(FILE);
      return ledger.submit(aRadiograph(), 'alice');
    },
  });
  return { fetched, imported: await importStudy(ORDER, ALIVE) };
}

const away = new RadiographError('OVERLOADED', 'away');
const codes = ({ imported }: Awaited<ReturnType<typeof importOf>>) =>
  imported?.refusals.map(({ code }) => code);

test('what is listed twice is fetched once', async () => {
  const { fetched, imported } = await importOf([['1.1'], ['1.1']], [['1.1'], ['1.2']]);
  expect(fetched).toEqual(['1.1', '1.2']);
  expect(imported?.jobs).toHaveLength(2);
});

test('a study of more radiographs than an upload may have is refused before any is fetched', async () => {
  const many = Array.from({ length: 30 }, (_, i) => [`1.${i}`] as const);
  const more = Array.from({ length: 21 }, (_, i) => [`2.${i}`] as const);
  await expect(importOf(many, more)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  expect((await importOf(many, more.slice(1))).imported?.jobs).toHaveLength(50);
});

test('what cannot be taken is named, and the others are taken', async () => {
  const result = await importOf([
    ['1.1'],
    ['1.2', Buffer.alloc(500)],
    ['1.3', Buffer.alloc(9)],
    ['1.4', Buffer.concat([FILE, Buffer.alloc(1024 * 1024)])],
    ['1.5', away],
    ['1.6', new RadiographError('NOT_FOUND', 'gone')],
  ]);
  expect(result.imported?.jobs).toHaveLength(1);
  expect(codes(result)).toEqual([
    ...['UNSUPPORTED_IMAGE', 'UNSUPPORTED_IMAGE', 'FILE_TOO_LARGE', 'OVERLOADED', 'NOT_FOUND'],
  ]);
});

test('when the PACS fails for all, the caller hears that', async () => {
  await expect(
    importOf([
      ['1.1', away],
      ['1.2', away],
    ]),
  ).rejects.toBe(away);
  const result = await importOf([
    ['1.1', away],
    ['1.2', Buffer.alloc(500)],
  ]);
  expect(codes(result)).toEqual(['OVERLOADED', 'UNSUPPORTED_IMAGE']);
});

test('a fault of ours is none of a radiograph', async () => {
  await expect(importOf([['1.1'], ['1.2', new Error('a bug')]])).rejects.toThrow('a bug');
});

test('other modalities are counted and not looked at', async () => {
  const nine = Array.from({ length: 9 }, () => [] as Listed);
  const { imported } = await importOf(...nine, [['1.1'], ['1.2']]);
  expect(imported).toEqual({ jobs: [], refusals: [], skipped: 1 });
});

test('an unknown study is none', async () => {
  expect((await importOf()).imported).toBeUndefined();
});
