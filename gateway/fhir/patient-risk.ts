import type { FastifyReply, FastifyRequest } from 'fastify';
import { RadiographError } from '#common/errors.ts';
import type { Execute } from '../own-operation.ts';

/** A FHIR id, short enough that the id of an assessment can name the patient too (64 characters at most). */
export const PATIENT_ID = /^[A-Za-z0-9.-]{1,47}$/;
export const PATIENT_ID_WANTED = 'a patient id of 1 to 47 letters, digits, hyphens or full stops';

const QUERY = `query PatientIcuRisk($id: ID!) {
  patient(id: $id) {
    icuRisk {
      probability willBeAdmitted threshold window observedFrom observedUntil caution assessedAt
      model { name version digest engine }
      reasons { code display value contribution }
    }
  }
  observationTypes { code unit }
}`;

/** The ICU risk of a patient as the graph tells it, with the UCUM unit of each reason. */
export type PatientRisk = {
  readonly patientId: string;
  /** 0 to 1. */
  readonly probability: number;
  readonly willBeAdmitted: boolean;
  /** 0 to 1. */
  readonly threshold: number;
  /** Over which time the observations were made. */
  readonly window: string | null;
  readonly observedFrom: string | null;
  readonly observedUntil: string | null;
  /** What to know before it is believed: that the observations are not of one stay. */
  readonly caution: string | null;
  readonly assessedAt: string;
  readonly model: {
    readonly name: string;
    readonly version: string;
    readonly digest: string | null;
    readonly engine: string;
  };
  readonly reasons: readonly RiskReason[];
};

export type RiskReason = {
  readonly code: string;
  readonly display: string;
  /** Null when it was not measured. */
  readonly value: number | null;
  /** UCUM; `1` where there is none. */
  readonly unit: string;
  /** In log-odds: above 0 raises the risk. */
  readonly contribution: number;
};

type Answer = {
  readonly patient: {
    readonly icuRisk:
      | (Omit<PatientRisk, 'patientId' | 'reasons'> & {
          readonly reasons: readonly Omit<RiskReason, 'unit'>[];
        })
      | null;
  } | null;
  readonly observationTypes: readonly { readonly code: string; readonly unit: string }[];
};

/** Asks the graph for the risk of a patient in the name of the caller.
 *  @throws RadiographError NOT_FOUND for an unknown patient, or one of whom nothing was observed; and what the graph
 *  answers: FORBIDDEN, ICU_UNAVAILABLE, DEADLINE_EXCEEDED */
export async function readPatientRisk(
  execute: Execute,
  request: FastifyRequest,
  reply: FastifyReply,
  patientId: string,
): Promise<PatientRisk> {
  const answer = await execute(request, reply, { query: QUERY, variables: { id: patientId } });
  const { patient, observationTypes } = answer as Answer;
  if (!patient) throw new RadiographError('NOT_FOUND', 'There is no patient with this id');
  if (!patient.icuRisk)
    throw new RadiographError('NOT_FOUND', 'There is no ICU risk of this patient: nothing was observed');
  const units = new Map(observationTypes.map(({ code, unit }) => [code, unit]));
  const reasons = patient.icuRisk.reasons.map((reason) => ({
    ...reason,
    unit: units.get(reason.code) ?? '1',
  }));
  return { ...patient.icuRisk, patientId, reasons };
}
