import type { JobPriority, StoredJob } from './job.ts';

/** What is known of a file beside its bytes. */
export type IntakeOrder = {
  readonly patientId: string | null;
  /** Who sends it. */
  readonly actor: string;
  readonly priority: JobPriority;
  /** The DICOM object that it has to be, for a file from the PACS: it is taken in once for its patient. */
  readonly instance?: { readonly studyInstanceUID: string; readonly sopInstanceUID: string };
};

/** Takes an uploaded file: checks that it decodes, renders it, stores it and queues its job.
 *  @param claim what the gateway sent in place of the file
 *  @throws RadiographError UNSUPPORTED_IMAGE, FILE_TOO_LARGE, BAD_USER_INPUT, OVERLOADED */
export type Intake = (claim: string, order: IntakeOrder) => Promise<StoredJob>;
