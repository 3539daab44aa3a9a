import type { JobPriority, StoredJob } from './job.ts';

/** What is known of a file beside its bytes. */
export type IntakeOrder = {
  readonly patientId: string | null;
  /** Who sends it. */
  readonly actor: string;
  readonly priority: JobPriority;
  /** Under what it is taken in once; null takes it as often as it comes. */
  readonly intakeKey: string | null;
  /** The DICOM object that it has to be, for a file from the PACS. */
  readonly instance?: { readonly studyInstanceUID: string; readonly sopInstanceUID: string };
};

/** Takes an uploaded file: checks that it decodes, renders it, stores it and queues its job.
 *  @param claim what the gateway sent in place of the file
 *  @returns the job that there is already when the same was taken in under its intake key
 *  @throws RadiographError UNSUPPORTED_IMAGE, FILE_TOO_LARGE, BAD_USER_INPUT, OVERLOADED */
export type Intake = (claim: string, order: IntakeOrder) => Promise<StoredJob>;
