import { z } from 'zod';
import { OBSERVATION_TYPE_BY_CODE, type ObservationType } from '../domain/observation-types.ts';
import { SYNTHETIC } from '../domain/synthetic-cohort.ts';

const column = z.string().min(1);

/** How a kind of observation is called that the sheet brings itself. */
const ownType = z
  .strictObject({
    display: z.string().min(1).max(100),
    unit: z.string().min(1).max(20),
    minimum: z.number(),
    maximum: z.number(),
    scale: z.enum(['linear', 'logarithmic', 'rank']).default('linear'),
    informative: z.boolean().default(false),
    lasting: z.literal(true).optional(),
  })
  .refine(({ minimum, maximum }) => minimum < maximum, 'minimum must be below maximum');

const observation = z
  .strictObject({
    column,
    /** A code of `observationTypes`, or a new one that `type` describes. */
    code: z.string().regex(/^[a-z][a-z0-9_]{0,59}$/),
    type: ownType.optional(),
    /** Known when the patient arrives; other values are of the end of the first window. */
    onArrival: z.boolean().default(false),
    /** Numbers for the texts of the column, such as { "M": 1, "F": 0 }. */
    values: z.record(z.string(), z.number()).optional(),
    /** The value is the cell times `factor` plus `offset`. */
    factor: z.number().default(1),
    offset: z.number().default(0),
  })
  .refine(
    ({ code, type }) => OBSERVATION_TYPE_BY_CODE.has(code) !== (type !== undefined),
    'a code of observationTypes has its type already, another one needs it',
  );

/** How the columns of a sheet become a cohort. */
export const mappingFormat = z.strictObject({
  cohort: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/)
    .refine((name) => name !== SYNTHETIC, `${SYNTHETIC} is the name of the patients who are there already`),
  /** Printed after an import. */
  notice: z.string().optional(),
  delimiter: z.string().length(1).default(','),
  /** Texts that mean "not measured", beside the empty one. */
  missing: z.array(z.string()).default([]),
  patient: column,
  /** When the patient came, ISO 8601; the time of the import when left out. */
  arrival: column.optional(),
  /** Length of the first window. */
  windowHours: z.number().positive().max(48).default(2),
  /** Where a patient has a row for each window: its column, the text in it that marks the first one, and those of the
   *  windows after it, in order, that a model learns from as well. */
  window: z
    .strictObject({ column, first: z.string().min(1), alsoLearn: z.array(z.string().min(1)).default([]) })
    .optional(),
  /** Whether the patient was in the ICU in the window of the row or, with one row for each patient, came there later. */
  outcome: z.strictObject({
    column,
    admitted: z.array(z.string()).min(1),
    others: z.array(z.string()).min(1),
  }),
  observations: z
    .array(observation)
    .min(1)
    .max(300)
    .refine((all) => new Set(all.map(({ code }) => code)).size === all.length, 'a code stands twice'),
});

export type MappingInput = z.input<typeof mappingFormat>;
export type Mapping = z.output<typeof mappingFormat>;

/** The kinds of observations that a mapping brings. */
export function ownTypes({ observations }: Mapping): ObservationType[] {
  return observations.flatMap(({ code, type }) => (type ? [{ code, ...type }] : []));
}
