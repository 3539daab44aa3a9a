import { setTimeout as pause } from 'node:timers/promises';
import { bulkhead } from 'cockatiel';
import type { Registry } from 'prom-client';
import type { BlobStore, KeptBlobStore } from '#common/blob-store.ts';
import { addBulkheadMetrics } from '#common/bulkhead-metrics.ts';
import { RadiographError } from '#common/errors.ts';
import { bound, type RequestScope, requestScope, traced } from '#common/request-scope.ts';
import { imageHeader, safeSharp } from '#common/safe-sharp.ts';
import { openClaim } from '#common/upload-claim.ts';
import { isBeingRemoved } from '../domain/deletion.ts';
import type { DicomFacts } from '../domain/dicom-facts.ts';
import type { Intake, IntakeOrder } from '../domain/intake.ts';
import { hasEnded, type JobOrigin, type StoredJob } from '../domain/job.ts';
import type { JobQueue } from '../domain/job-queue.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { PictureOf } from '../domain/picture-of.ts';
import type { Rendering } from '../domain/radiograph.ts';
import type { BlobRemovals } from './blob-removals.ts';
import type { EarlyClassifications } from './early-classifications.ts';
import type { ImageMetrics } from './image-metrics.ts';
import type { JobMetrics } from './job-metrics.ts';

type Parts = {
  readonly blobs: KeptBlobStore;
  readonly ledger: Ledger;
  readonly removals: BlobRemovals;
  readonly claimKey: Buffer;
  readonly queue: Pick<JobQueue, 'add'>;
  readonly pictureOf: PictureOf;
  readonly metrics: JobMetrics;
  readonly registry: Registry;
  readonly image: ImageMetrics;
  /** For an image whose sender waits; absent where no worker is. */
  readonly early?: Omit<EarlyClassifications, 'classify'>;
};

/** Longer side of the rendering for display, in pixels. */
const LONGER_SIDE = 2048;
/** With the usual Huffman tables: those made to measure spare 14 % of the bytes and cost 60 % more time. */
const DISPLAY_JPEG = { quality: 90, optimiseCoding: false };
/** Pictures decoded side by side: a decoded one takes up to 16 MiB a channel. */
const DECODING = 4;
const DECODING_QUEUE = 2_000;
/** Jobs that may wait before more are refused. */
const MOST_WAITING = 20_000;
/** A removal that another process has under way takes milliseconds. */
const MOST_TRIES = 6;
const PAUSE_MS = 100;
const RETRY_AFTER_SECONDS = 10;

export function createIntake(parts: Parts): Intake {
  const { blobs, ledger, removals, claimKey, queue, pictureOf, metrics, early } = parts;
  const decoding = bulkhead(DECODING, DECODING_QUEUE);
  addBulkheadMetrics(parts.registry, 'intake_decoding', 'Pictures being decoded at the intake', {
    ...{ bulkhead: decoding, slots: DECODING, queue: DECODING_QUEUE },
  });
  /** Waits until blobs that the radiograph names have been removed: to store them before would be in vain. */
  const submitted = async (submit: () => Promise<StoredJob>): Promise<StoredJob> => {
    for (let tried = 1; ; tried += 1) {
      try {
        return await submit();
      } catch (error) {
        if (!isBeingRemoved(error)) throw error;
        if (tried === MOST_TRIES)
          throw new RadiographError('OVERLOADED', 'The same image is being deleted; try again later', {
            cause: error,
          });
        await removals.sweep();
        await pause(tried * PAUSE_MS);
      }
    }
  };

  /** @throws RadiographError BAD_USER_INPUT when its sender has given the key to another upload */
  const checkSame = async (job: StoredJob, originalAddress: string, patientId: string | null) => {
    const taken = (await ledger.radiographs([job.radiographId])).get(job.radiographId);
    const isSame = taken?.originalAddress === originalAddress && taken.patientId === patientId;
    if (taken && !isSame)
      throw new RadiographError(
        'BAD_USER_INPUT',
        'Expected the file and the patient that this idempotencyKey was first sent with, got others',
      );
  };

  return async (claim, { patientId, actor, priority, intakeKey, instance }) => {
    const { address } = openClaim(claimKey, claim);
    // What a file of the PACS shows is said by its UID, not by its bytes.
    const uploadedAs = instance ? null : intakeKey;
    const before = uploadedAs === null ? undefined : (await ledger.intakeJobs([uploadedAs])).get(uploadedAs);
    if (before) {
      await checkSame(before, address, patientId);
      return before;
    }
    if ((await ledger.waiting()) >= MOST_WAITING || decoding.queueSlots === 0)
      throw new RadiographError('OVERLOADED', 'Too many radiographs wait; try again later', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    const { radiograph, encoded, picture } = await decoding.execute(
      bound(async () => {
        const encoded = await blobs.get(address);
        if (!encoded)
          throw new RadiographError(
            'BAD_USER_INPUT',
            'The uploaded file is not there any more: send it again',
          );
        const readable = await pictureOf(encoded);
        if (instance) checkInstance(readable.dicom, instance);
        const { format, width, height } = await imageHeader(readable.picture);
        if (priority === 'URGENT') early?.begin({ originalAddress: address, encoded: readable.picture });
        // Decoding it whole here tells a torn file at once, and leaves the sender's metadata behind.
        const drawn = { kind: 'internal' as const };
        const { rendering, picture } = await traced('render radiograph', drawn, () =>
          render(blobs, readable.picture),
        );
        const encoding = format === 'png' ? ('PNG' as const) : ('JPEG' as const);
        const file = { format: readable.dicom ? ('DICOM' as const) : encoding, width, height };
        const stored = { rendering, originalAddress: address, dicom: readable.dicom, intakeKey };
        return { radiograph: { ...file, ...stored, patientId }, encoded, picture };
      }),
    );
    const answered = priority === 'URGENT' ? await early?.soon(address) : undefined;
    const job = await submitted(() =>
      answered
        ? ledger.submitClassified(radiograph, actor, priority, answered)
        : ledger.submit(radiograph, actor, priority, originOf(requestScope())),
    );
    // The same sender may have been faster.
    if (uploadedAs !== null) await checkSame(job, address, patientId);
    // A radiograph with the same bytes may have been deleted since they were stored. From now on they stay.
    if ((await blobs.storedAt(address)) === undefined) await blobs.put([encoded]);
    if ((await blobs.storedAt(radiograph.rendering.address)) === undefined) await blobs.put([picture]);
    parts.image.accepted(radiograph);
    if (hasEnded(job)) metrics.ended.inc({ outcome: 'SUCCEEDED' });
    else queue.add(job);
    return job;
  };
}

function originOf(scope: RequestScope | undefined): JobOrigin {
  return { requestId: scope?.requestId ?? null, traceparent: scope?.span?.traceparent ?? null };
}

/** @throws RadiographError UNSUPPORTED_IMAGE */
function checkInstance(facts: DicomFacts | null, wanted: Required<IntakeOrder>['instance']): void {
  const isWanted =
    facts?.sopInstanceUID === wanted.sopInstanceUID && facts.studyInstanceUID === wanted.studyInstanceUID;
  if (!isWanted)
    throw new RadiographError(
      'UNSUPPORTED_IMAGE',
      'The PACS sent another object than the one it was asked for',
    );
}

async function render(blobs: BlobStore, encoded: Buffer): Promise<{ rendering: Rendering; picture: Buffer }> {
  const { data, info } = await safeSharp(encoded, (grey) =>
    grey
      .resize(LONGER_SIDE, LONGER_SIDE, { fit: 'inside', withoutEnlargement: true })
      .jpeg(DISPLAY_JPEG)
      .toBuffer({ resolveWithObject: true }),
  );
  const { address, bytes } = await blobs.put([data]);
  const { width, height } = info;
  return { rendering: { address, bytes, mediaType: 'image/jpeg', width, height }, picture: data };
}
