import type { Readable } from 'node:stream';
import type { StagingBlobStore } from '#common/blob-store.ts';
import { DICOM_START_BYTES, dicomStart } from '#common/dicom-signature.ts';
import { type ErrorCode, RadiographError } from '#common/errors.ts';
import type { UploadClaim } from '#common/upload-claim.ts';

const SIGNATURES = [
  Buffer.from([0xff, 0xd8, 0xff]),
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
];

/** What became of one file, before the request as a whole is known to be good. */
export type TakenFile = {
  readonly claim: UploadClaim;
  keep(): Promise<void>;
  discard(): Promise<void>;
};

/** Streams one uploaded file into the blob store, checking signature and size on the way; memory stays flat.
 *  A file that is not taken leaves nothing behind and is read to its end, so that the next part can come.
 *  @returns the claim that stands in for the file @throws when the upload breaks off or cannot be stored */
export async function takeFile(
  file: Readable,
  blobs: StagingBlobStore,
  maxBytes: number,
): Promise<TakenFile> {
  try {
    const { address, bytes, keep, discard } = await blobs.stage(checked(file, maxBytes));
    return { claim: { kept: true, address, bytes }, keep, discard };
  } catch (error) {
    // Of a fault of ours, such as a full disk, the caller hears for the whole request.
    if (!(error instanceof RadiographError) || !isRefusal(error.code)) throw error;
    file.resume();
    const nothing = async () => undefined;
    return {
      claim: { kept: false, code: error.code, message: error.message },
      keep: nothing,
      discard: nothing,
    };
  }
}

const isRefusal = (code: ErrorCode) => code === 'FILE_TOO_LARGE' || code === 'UNSUPPORTED_IMAGE';

async function* checked(file: Readable, maxBytes: number): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  let known = false;
  let bytes = 0;
  // Not destroyed when we stop early: the parser waits until the part has been read.
  for await (const chunk of file.iterator({ destroyOnReturn: false })) {
    const part = chunk as Buffer;
    bytes += part.length;
    if (bytes > maxBytes)
      throw new RadiographError('FILE_TOO_LARGE', `Expected at most ${maxBytes / 1024 / 1024} MB, got more`);
    if (known) {
      yield part;
      continue;
    }
    head = Buffer.concat([head, part]);
    known = isTaken(head);
    if (known) yield head;
    else if (head.length >= DICOM_START_BYTES) throw unwanted('other bytes');
  }
  if (!known) throw unwanted(bytes === 0 ? 'an empty one' : 'other bytes');
}

function isTaken(head: Buffer): boolean {
  const isPicture = SIGNATURES.some((signature) => head.subarray(0, signature.length).equals(signature));
  return isPicture || dicomStart(head) !== undefined;
}

function unwanted(got: string): RadiographError {
  return new RadiographError('UNSUPPORTED_IMAGE', `Expected a JPEG, PNG or DICOM file, got ${got}`);
}
