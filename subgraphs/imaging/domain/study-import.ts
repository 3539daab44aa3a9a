import type { RadiographError } from '#common/errors.ts';
import type { IntakeOrder } from './intake.ts';
import type { StoredJob } from './job.ts';

export type StudyOrder = Pick<IntakeOrder, 'patientId' | 'actor' | 'priority'> & {
  readonly studyInstanceUID: string;
};

export type ImportedStudy = {
  /** One for each radiograph that was taken, now or before. */
  readonly jobs: readonly StoredJob[];
  /** Objects of the study that are no radiographs. */
  readonly skipped: number;
  /** Why others were not taken. */
  readonly refusals: readonly RadiographError[];
};

/** Fetches the radiographs of a study from the PACS and takes each in as an uploaded file.
 *  @returns undefined when the PACS has no such study
 *  @throws RadiographError BAD_USER_INPUT where there is no PACS, or for a study of too many radiographs; OVERLOADED or
 *  DEADLINE_EXCEEDED when the PACS does not answer and nothing was taken */
export type StudyImport = (order: StudyOrder, signal: AbortSignal) => Promise<ImportedStudy | undefined>;
