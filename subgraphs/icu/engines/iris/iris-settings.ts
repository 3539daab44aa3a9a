import { z } from 'zod';
import { baseAddressSetting } from '#common/env.ts';
import type { IrisConfig } from './iris-sql.ts';

/** For the first prediction after a start, which loads the model; others take far less. */
const DEADLINE_MS = 10_000;

/** Settings of the engine beside those of the service; `IRIS_URL` chooses it. */
export const irisSettings = {
  IRIS_URL: baseAddressSetting.optional(),
  IRIS_NAMESPACE: z
    .string()
    .regex(/^%?[A-Za-z][\w-]{0,254}$/, 'expected the name of a namespace')
    .default('USER'),
  IRIS_USER: z.string().min(1).optional(),
  IRIS_PASSWORD: z.string().min(1).optional(),
  // Trained versions add 61 characters; IRIS tells names apart by 96.
  IRIS_MODEL: z
    .string()
    .regex(/^[A-Za-z]\w{0,34}$/, 'expected a letter and up to 34 letters, digits or _')
    .default('IcuAdmission'),
  IRIS_AD_HOC_SUBSELECT: z.enum(['0', '1']).default('0'),
};

/** @returns undefined without `IRIS_URL` @throws Error that names what is missing */
export function irisConfig(settings: z.output<z.ZodObject<typeof irisSettings>>): IrisConfig | undefined {
  const { IRIS_URL: url, IRIS_USER: user, IRIS_PASSWORD: password } = settings;
  if (url === undefined) return undefined;
  if (user === undefined || password === undefined)
    throw new Error('Bad settings:\nIRIS_URL, IRIS_USER and IRIS_PASSWORD belong together');
  return {
    ...{ url, user, password },
    namespace: settings.IRIS_NAMESPACE,
    model: settings.IRIS_MODEL,
    adHocSubselect: settings.IRIS_AD_HOC_SUBSELECT === '1',
    deadlineMs: DEADLINE_MS,
  };
}
