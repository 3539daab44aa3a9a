import { bulkhead } from 'cockatiel';
import type { BlobStore } from '#common/blob-store.ts';
import { RadiographError } from '#common/errors.ts';
import { imageHeader, safeSharp } from '#common/safe-sharp.ts';
import { openClaim } from '#common/upload-claim.ts';
import type { Intake } from '../domain/intake.ts';
import type { JobQueue } from '../domain/job-queue.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { Rendering } from '../domain/radiograph.ts';

type Parts = {
  readonly blobs: BlobStore;
  readonly ledger: Ledger;
  readonly claimKey: Buffer;
  readonly queue: Pick<JobQueue, 'add'>;
};

/** Longer side of the rendering for display, in pixels. */
const LONGER_SIDE = 2048;
const JPEG_QUALITY = 90;
/** Pictures decoded side by side: a decoded one takes up to 16 MiB a channel. */
const DECODING = 4;
const DECODING_QUEUE = 2_000;
/** Jobs that may wait before more are refused. */
const MOST_WAITING = 20_000;
const RETRY_AFTER_SECONDS = 10;

export function createIntake({ blobs, ledger, claimKey, queue }: Parts): Intake {
  const decoding = bulkhead(DECODING, DECODING_QUEUE);
  return async (claim, { patientId, actor, priority }) => {
    const { address } = openClaim(claimKey, claim);
    if ((await ledger.waiting()) >= MOST_WAITING || decoding.queueSlots === 0)
      throw new RadiographError('OVERLOADED', 'Too many radiographs wait; try again later', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    const job = await decoding.execute(async () => {
      const encoded = await blobs.get(address);
      if (!encoded)
        throw new RadiographError('BAD_USER_INPUT', 'The uploaded file is not there any more: send it again');
      const { format, width, height } = await imageHeader(encoded);
      // Decoding it whole here tells a torn file at once, and leaves the sender's metadata behind.
      const rendering = await render(blobs, encoded);
      const stored = {
        format: format === 'png' ? ('PNG' as const) : ('JPEG' as const),
        width,
        height,
        rendering,
      };
      return ledger.submit({ ...stored, patientId, originalAddress: address }, actor, priority);
    });
    queue.add(job);
    return job;
  };
}

async function render(blobs: BlobStore, encoded: Buffer): Promise<Rendering> {
  const { data, info } = await safeSharp(encoded, (grey) =>
    grey
      .resize(LONGER_SIDE, LONGER_SIDE, { fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality: JPEG_QUALITY })
      .toBuffer({ resolveWithObject: true }),
  );
  const { address, bytes } = await blobs.put([data]);
  return { address, bytes, mediaType: 'image/jpeg', width: info.width, height: info.height };
}
