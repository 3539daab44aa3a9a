import { type ErrorCode, RadiographError } from '#common/errors.ts';
import { userError } from '#common/errors-in-graphql.ts';
import { isDicomUid } from '../domain/dicom-uid.ts';
import type { Resolvers } from '../generated/resolvers.ts';
import { checkedPatient } from './checked-patient.ts';

const STUDY = ['input', 'studyInstanceUID'];
/** What a caller can mend, or has to know of the input; other codes tell of the system. */
const OF_INPUT: ReadonlySet<ErrorCode> = new Set(['BAD_USER_INPUT', 'NOT_FOUND', 'UNSUPPORTED_IMAGE']);

export const studyResolvers: Resolvers = {
  Mutation: {
    async studyImport(_parent, { input }, context) {
      const patientId = checkedPatient(input.patientId);
      const { studyInstanceUID } = input;
      const refused = (code: ErrorCode, message: string) => ({
        jobs: [],
        skipped: null,
        userErrors: [{ code, message, field: STUDY }],
      });
      if (!isDicomUid(studyInstanceUID))
        return refused(
          'BAD_USER_INPUT',
          'Expected a DICOM UID: numbers without leading zeros, joined by dots, at most 64 characters',
        );
      const { actor, signal } = context;
      const order = { studyInstanceUID, patientId, priority: input.priority ?? 'ROUTINE', actor };
      const imported = await context.importStudy(order, signal);
      if (!imported) return refused('NOT_FOUND', 'The PACS has no study with this UID');
      const { jobs, skipped, refusals } = imported;
      return {
        jobs: [...jobs],
        skipped,
        userErrors: refusals.map((refusal) => userError(refusal, STUDY)),
      };
    },

    async studyResultStore(_parent, { input }, context) {
      const { radiographId, heatmap = null } = input;
      const order = { radiographId, heatmap, actor: context.actor };
      try {
        const { report, heatmap } = await context.storeResult(order, context.signal);
        return { result: { structuredReport: report, heatmap }, userErrors: [] };
      } catch (error) {
        if (!(error instanceof RadiographError) || !OF_INPUT.has(error.code)) throw error;
        return { result: null, userErrors: [userError(error, ['input'])] };
      }
    },
  },
};
