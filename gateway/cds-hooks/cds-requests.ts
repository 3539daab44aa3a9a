import { z } from 'zod';
import { RadiographError } from '#common/errors.ts';
import { PATIENT_ID, PATIENT_ID_WANTED } from '../fhir/patient-risk.ts';
import { OVERRIDE_REASONS } from './icu-risk-card.ts';

/** When a CDS client calls: somebody opens a patient's record, or an encounter begins. */
export const HOOKS = ['patient-view', 'encounter-start'] as const;

const MOST_FEEDBACK = 100;

const wanted = (what: string) => ({ error: `Expected ${what}` });

/** What is used of a call. The rest is left alone: `fhirServer` is no address that this server would ever call, its token is
 *  not kept, and `prefetch` is not used, since a value that a client sends says neither in which of our units it is nor
 *  for which patient. The risk comes of what the clinical database holds. */
export const CDS_CALL = z.looseObject(
  {
    hook: z.enum(HOOKS, wanted(`hook to be ${HOOKS.join(' or ')}`)),
    hookInstance: z.guid(wanted('hookInstance to be a UUID')),
    context: z.looseObject(
      {
        patientId: z
          .string(wanted('context.patientId to be a string'))
          .regex(PATIENT_ID, wanted(`context.patientId to be ${PATIENT_ID_WANTED}`)),
      },
      wanted('context to be an object'),
    ),
  },
  wanted('a CDS Hooks request as a JSON object'),
);

const coding = z.looseObject(
  {
    code: z.string(wanted('a code in overrideReason.reason')),
    system: z.string(wanted('a system in overrideReason.reason')),
  },
  wanted('overrideReason.reason to be a coding'),
);
const overrideReason = z.looseObject(
  {
    reason: coding.optional(),
    userComment: z.string(wanted('overrideReason.userComment to be a string')).optional(),
  },
  wanted('overrideReason to be an object'),
);
const suggestions = z
  .array(
    z.looseObject(
      { id: z.string(wanted('an id in each of acceptedSuggestions')) },
      wanted('objects in acceptedSuggestions'),
    ),
    wanted('acceptedSuggestions to be a list'),
  )
  .min(1, wanted('at least one of acceptedSuggestions'));
const common = {
  card: z.guid(wanted('card to be the UUID of a card')),
  outcomeTimestamp: z.iso.datetime({
    offset: true,
    error: 'Expected outcomeTimestamp such as 2026-11-01T08:30:00Z',
  }),
};
/** What became of cards (CDS Hooks 2.0, Feedback). */
export const CDS_FEEDBACK = z.looseObject(
  {
    feedback: z
      .array(
        z.discriminatedUnion(
          'outcome',
          [
            z.looseObject({ ...common, outcome: z.literal('accepted'), acceptedSuggestions: suggestions }),
            z.looseObject({
              ...common,
              outcome: z.literal('overridden'),
              overrideReason: overrideReason.optional(),
            }),
          ],
          wanted('outcome to be accepted or overridden'),
        ),
        wanted('feedback to be a list'),
      )
      .min(1, wanted('at least one entry of feedback'))
      .max(MOST_FEEDBACK, wanted(`at most ${MOST_FEEDBACK} entries of feedback`)),
  },
  wanted('an object with the list feedback'),
);

/** @returns the id of the patient whom a call is about @throws RadiographError BAD_USER_INPUT */
export function patientOfCall(body: unknown): string {
  return checked(CDS_CALL, body).context.patientId;
}

/** What became of a card. `reason` is the code of one of ours, `other`, or `none` where none was given. */
export type CardOutcome = { readonly outcome: 'accepted' | 'overridden'; readonly reason: string };

/** @returns the outcomes in a call of the feedback endpoint, without what names a card, a person or a patient
 *  @throws RadiographError BAD_USER_INPUT */
export function cardOutcomes(body: unknown): CardOutcome[] {
  return checked(CDS_FEEDBACK, body).feedback.map((one) => {
    if (one.outcome === 'accepted' || !one.overrideReason) return { outcome: one.outcome, reason: 'none' };
    const { reason } = one.overrideReason;
    const known = OVERRIDE_REASONS.some(
      ({ code, system }) => code === reason?.code && system === reason.system,
    );
    return { outcome: one.outcome, reason: reason && known ? reason.code : 'other' };
  });
}

/** The first fault is told, by the name of its field; nothing of what was sent is repeated. */
function checked<Body>(shape: z.ZodType<Body>, body: unknown): Body {
  const { data, error } = shape.safeParse(body);
  if (error) throw new RadiographError('BAD_USER_INPUT', error.issues[0]?.message ?? 'Expected another body');
  return data;
}
