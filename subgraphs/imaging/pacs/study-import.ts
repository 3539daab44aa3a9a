import { bulkhead } from 'cockatiel';
import type { BlobStore } from '#common/blob-store.ts';
import { DICOM_START_BYTES, dicomStart } from '#common/dicom-signature.ts';
import { RadiographError } from '#common/errors.ts';
import { sealClaim } from '#common/upload-claim.ts';
import type { Intake } from '../domain/intake.ts';
import { importKey } from '../domain/intake-key.ts';
import type { StoredJob } from '../domain/job.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { StudyImport, StudyOrder } from '../domain/study-import.ts';
import type { DicomwebClient, ListedInstance, PacsInstance } from './dicomweb-client.ts';

type Parts = {
  readonly pacs: DicomwebClient;
  readonly blobs: BlobStore;
  readonly ledger: Pick<Ledger, 'intakeJobs'>;
  readonly intake: Intake;
  readonly claimKey: Buffer;
  /** Of one file. */
  readonly mostBytes: number;
};

const MODALITIES: ReadonlySet<unknown> = new Set(['CR', 'DX']);
/** As many as an upload may have. */
const MOST_RADIOGRAPHS = 50;
/** Files fetched side by side. */
const FETCHING = 4;
const FETCHING_QUEUE = 2_000;
/** Faults of the system, which may be over soon; others are of one object. */
const PASSING: ReadonlySet<string> = new Set(['OVERLOADED', 'DEADLINE_EXCEEDED']);

/** Takes the radiographs of a study the way of uploaded files: each is stored as it comes in, and handed to the intake. */
export function createStudyImport(parts: Parts): StudyImport {
  const { pacs, ledger, intake, claimKey, blobs, mostBytes } = parts;
  const turns = bulkhead(FETCHING, FETCHING_QUEUE);

  const taken = async (instance: PacsInstance, order: StudyOrder, signal: AbortSignal) => {
    const claim = await pacs.retrieve(
      instance,
      async (file) => {
        const stored = await blobs.put(checked(file, mostBytes));
        return sealClaim(claimKey, { kept: true, ...stored });
      },
      signal,
    );
    const { patientId, actor, priority } = order;
    const intakeKey = importKey(instance.sopInstanceUID, patientId);
    return intake(claim, { patientId, actor, priority, intakeKey, instance });
  };

  return async (order, signal) => {
    const found = await radiographsOf(pacs, order.studyInstanceUID, signal);
    if (!found) return undefined;
    const keyOf = ({ sopInstanceUID }: PacsInstance) => importKey(sopInstanceUID, order.patientId);
    const known = await ledger.intakeJobs(found.radiographs.map(keyOf));
    if (turns.queueSlots < found.radiographs.length)
      throw new RadiographError('OVERLOADED', 'Too many files wait to be fetched; try again later');
    // All of them, so that nothing goes on behind a fault that is told.
    const settled = await Promise.allSettled(
      found.radiographs.map(
        async (instance): Promise<StoredJob | RadiographError> =>
          known.get(keyOf(instance)) ?? turns.execute(() => taken(instance, order, signal)).catch(refusalOf),
      ),
    );
    const ends = settled.map((end) => {
      if (end.status === 'rejected') throw end.reason;
      return end.value;
    });
    const refusals = ends.filter((end) => end instanceof RadiographError);
    const jobs = ends.filter((end): end is StoredJob => !(end instanceof RadiographError));
    const [fault] = refusals;
    if (fault && jobs.length === 0 && refusals.every(({ code }) => PASSING.has(code))) throw fault;
    return { jobs, skipped: found.skipped, refusals };
  };
}

/** @returns undefined for an unknown study */
async function radiographsOf(
  pacs: DicomwebClient,
  study: string,
  signal: AbortSignal,
): Promise<{ radiographs: ListedInstance[]; skipped: number } | undefined> {
  const series = await pacs.series(study, signal);
  if (series.length === 0) return undefined;
  const radiographs = new Map<string, ListedInstance>();
  let skipped = 0;
  for (const { seriesInstanceUID, modality, size = 1 } of series) {
    if (!MODALITIES.has(modality)) {
      skipped += size;
      continue;
    }
    const instances = await pacs.instances(study, seriesInstanceUID, MOST_RADIOGRAPHS + 1, signal);
    const images = instances.filter(({ isImage }) => isImage);
    for (const image of images) radiographs.set(image.sopInstanceUID, image);
    skipped += instances.length - images.length;
    if (radiographs.size > MOST_RADIOGRAPHS)
      throw new RadiographError(
        'BAD_USER_INPUT',
        `Expected a study of at most ${MOST_RADIOGRAPHS} radiographs, got one of more`,
      );
  }
  return { radiographs: [...radiographs.values()], skipped };
}

function refusalOf(error: unknown): RadiographError {
  if (error instanceof RadiographError && error.code !== 'INTERNAL') return error;
  throw error;
}

/** A file as it is stored: no larger than an upload may be, and DICOM as far as its first bytes tell.
 *  @throws RadiographError FILE_TOO_LARGE, UNSUPPORTED_IMAGE */
async function* checked(file: AsyncIterable<Buffer>, mostBytes: number): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  let bytes = 0;
  for await (const chunk of file) {
    bytes += chunk.length;
    if (bytes > mostBytes)
      throw new RadiographError('FILE_TOO_LARGE', `Expected at most ${mostBytes / 1024 / 1024} MB, got more`);
    head = head && Buffer.concat([head, chunk]);
    if (!head) yield chunk;
    else if (head.length >= DICOM_START_BYTES) {
      if (dicomStart(head) === undefined) throw notDicom();
      yield head;
      head = undefined;
    }
  }
  if (head) throw notDicom();
}

const notDicom = () =>
  new RadiographError('UNSUPPORTED_IMAGE', 'Expected a DICOM file of the PACS, got other bytes');
