import { bulkhead } from 'cockatiel';
import type { BlobStore } from '#common/blob-store.ts';
import { codeOf, RadiographError } from '#common/errors.ts';
import { openHeatmapClaim } from '#common/heatmap-claim.ts';
import type { AuditTrail } from '../domain/audit.ts';
import { decide, modelDigest, type StoredClassification } from '../domain/classification.ts';
import { derivedUid } from '../domain/dicom-uid.ts';
import { isImported } from '../domain/intake-key.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { StoredRadiograph } from '../domain/radiograph.ts';
import type { PacsObject, ResultStore, StoredResult } from '../domain/result-store.ts';
import type { DicomwebClient, PacsInstance } from './dicomweb-client.ts';
import { percentOf } from './result-summary.ts';
import { CAPTURE_CLASS, secondaryCapture } from './secondary-capture.ts';
import { REPORT_CLASS, structuredReport } from './structured-report.ts';

type Parts = {
  readonly pacs: DicomwebClient;
  readonly blobs: Pick<BlobStore, 'get'>;
  readonly ledger: Pick<Ledger, 'radiographs' | 'classifications'> & Pick<AuditTrail, 'audit'>;
  readonly heatmapKey: Buffer;
};

type Result = {
  readonly radiograph: StoredRadiograph;
  readonly instance: PacsInstance;
  readonly classification: StoredClassification;
  readonly heatmap:
    | { readonly picture: Buffer; readonly finding: string; readonly method: string }
    | undefined;
};

/** Written side by side: one takes up to 40 MiB. */
const WRITING = 2;
const WRITING_QUEUE = 100;

export function createResultStore({ pacs, blobs, ledger, heatmapKey }: Parts): ResultStore {
  const turns = bulkhead(WRITING, WRITING_QUEUE);
  const checkRoom = () => {
    if (turns.queueSlots === 0)
      throw new RadiographError('OVERLOADED', 'Too many results wait to be written; try again later');
  };
  const read = async (id: string, claim: string | null): Promise<Result> => {
    const radiograph = (await ledger.radiographs([id])).get(id);
    if (!radiograph) throw new RadiographError('NOT_FOUND', 'There is no radiograph with this id');
    const instance = importedInstance(radiograph);
    const classification = (await ledger.classifications([id])).get(id);
    if (!classification) throw wrong('Expected a classified radiograph, got one whose job has not succeeded');
    const heatmap = claim === null ? undefined : await claimedHeatmap(claim, classification);
    return { radiograph, instance, classification, heatmap };
  };

  const claimedHeatmap = async (claim: string, { radiographId, model }: StoredClassification) => {
    const opened = openHeatmapClaim(heatmapKey, claim);
    const isOwn = opened?.radiographId === radiographId && opened.modelDigest === modelDigest(model);
    const picture = isOwn ? await blobs.get(opened.address) : undefined;
    if (!isOwn || !picture)
      throw wrong('Expected the claim of a heatmap of this radiograph, not older than an hour');
    return { picture, finding: opened.finding, method: opened.method };
  };

  const written = async (result: Result, signal: AbortSignal): Promise<StoredResult> => {
    const { attributes: source, sopClassUID } = await pacs.metadata(result.instance, signal);
    const { radiograph, classification, instance, heatmap } = result;
    const { createdAt: at, dicom: facts } = radiograph;
    if (!facts) throw new Error('An imported radiograph has no DICOM attributes');
    const { model } = classification;
    const image = { ...instance, sopClassUID };
    const objects = objectsOf(result);
    const report = await structuredReport({ classification, at, facts, image, source, ...objects.report });
    const files = [report];
    if (heatmap && objects.heatmap) {
      const { picture, finding, method } = heatmap;
      const index = model.labels.findIndex(({ code }) => code === finding);
      const probability = percentOf(classification.inference.probabilities[index] ?? 0);
      const isMeaningless = decide(classification).indeterminateReason === 'OUT_OF_DISTRIBUTION';
      const value = isMeaningless ? 'NO VALUE' : `${probability} %`;
      const caption = `${method} ${finding} ${value} MODEL ${model.name} ${model.version}`;
      const instanceNumber = method === 'GRAD_CAM' ? index + 1 : model.labels.length + index + 1;
      files.push(
        await secondaryCapture({
          picture,
          caption,
          model,
          at,
          facts,
          instanceNumber,
          image,
          source,
          ...objects.heatmap,
        }),
      );
    }
    const held = new Set(await pacs.store(instance.studyInstanceUID, files, signal));
    const missing = [objects.report, objects.heatmap].some((one) => one && !held.has(one.sopInstanceUID));
    if (missing) throw new RadiographError('OVERLOADED', 'The PACS did not take the result; try again later');
    return objects;
  };

  return async ({ radiographId, heatmap, actor }, signal) => {
    checkRoom();
    const result = await read(radiographId, heatmap);
    // Before anything leaves the house, as for any other reader.
    const entry = { actor, target: radiographId };
    await ledger.audit([{ ...entry, action: 'READ_RESULT', outcome: 'OK' }]);
    try {
      // Others may have come while the ledger was asked.
      checkRoom();
      const stored = await turns.execute(() => written(result, signal));
      await ledger.audit([{ ...entry, action: 'EXPORT', outcome: 'OK' }]);
      return stored;
    } catch (error) {
      await ledger.audit([{ ...entry, action: 'EXPORT', outcome: codeOf(error) }]);
      throw error;
    }
  };
}

/** @throws RadiographError BAD_USER_INPUT: the study that an uploaded file names may be anybody's */
function importedInstance(radiograph: StoredRadiograph): PacsInstance {
  const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = radiograph.dicom ?? {};
  if (!isImported(radiograph) || !studyInstanceUID || !seriesInstanceUID || !sopInstanceUID)
    throw wrong('Expected a radiograph that studyImport has taken from the PACS, got one that was uploaded');
  return { studyInstanceUID, seriesInstanceUID, sopInstanceUID };
}

/** The objects that stand for a result: of one radiograph and model always the same. */
function objectsOf({ radiograph, instance, classification, heatmap }: Result): StoredResult {
  const { studyInstanceUID } = instance;
  const of = (sopClassUID: string, kind: string, ...parts: string[]): PacsObject => {
    const names = [radiograph.id, modelDigest(classification.model)];
    const seriesInstanceUID = derivedUid('series', kind, ...names);
    const sopInstanceUID = derivedUid('instance', kind, ...names, ...parts);
    return { sopClassUID, studyInstanceUID, seriesInstanceUID, sopInstanceUID };
  };
  return {
    report: of(REPORT_CLASS, 'report'),
    heatmap: heatmap ? of(CAPTURE_CLASS, 'heatmap', heatmap.finding, heatmap.method) : null,
  };
}

const wrong = (message: string) => new RadiographError('BAD_USER_INPUT', message);
