import { expect, test } from 'vitest';
import { codeOf, RadiographError } from '#common/errors.ts';
import type { AuditEntry } from '../domain/audit.ts';
import { aClassification, aRadiograph } from '../stores/ledger-cases.ts';
import { createResultStore } from './result-store.ts';

const UIDS = { studyInstanceUID: '1.2.1', seriesInstanceUID: '1.2.2', sopInstanceUID: '1.2.3' };

test('more at one moment than may wait are told OVERLOADED, whatever they read before', async () => {
  const dicom = { modality: 'DX' as const, bodyPart: null, viewPosition: null, ...UIDS };
  const radiograph = { ...aRadiograph(), id: 'r1', createdAt: 1, dicom, intakeKey: 'pacs:1.2.3' };
  const answered = Promise.withResolvers<never>();
  const audited: AuditEntry[] = [];
  const store = createResultStore({
    heatmapKey: Buffer.alloc(32),
    blobs: { get: async () => undefined },
    ledger: {
      radiographs: async () => new Map([['r1', radiograph]]),
      classifications: async () => new Map([['r1', aClassification('r1')]]),
      audit: async (entries) => void audited.push(...entries),
    },
    // A PACS that is slow, and then away.
    pacs: { metadata: () => answered.promise } as never,
  });
  const order = { radiographId: 'r1', heatmap: null, actor: 'alice' };
  const refused: string[] = [];
  const calls = Array.from({ length: 110 }, () =>
    store(order, new AbortController().signal).catch((error: unknown) => refused.push(codeOf(error))),
  );
  await expect.poll(() => refused).toEqual(Array(8).fill('OVERLOADED'));
  answered.reject(new RadiographError('DEADLINE_EXCEEDED', 'slow'));
  await Promise.all(calls);
  expect(refused.slice(8)).toEqual(Array(102).fill('DEADLINE_EXCEEDED'));
  const exports = audited.filter(({ action }) => action === 'EXPORT').map(({ outcome }) => outcome);
  expect(exports.toSorted()).toEqual([
    ...Array(102).fill('DEADLINE_EXCEEDED'),
    ...Array(8).fill('OVERLOADED'),
  ]);
});
