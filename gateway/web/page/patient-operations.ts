import { operation } from './operation.ts';
import type { ModelVersion } from './radiograph-operations.ts';

export type IcuReason = {
  readonly code: string;
  readonly display: string;
  readonly value: number | null;
  /** In log-odds against the average patient. */
  readonly contribution: number;
};

export type IcuRisk = {
  readonly probability: number;
  readonly willBeAdmitted: boolean;
  readonly threshold: number;
  readonly window: string | null;
  /** Why it is not to be believed as it stands. */
  readonly caution: string | null;
  readonly assessedAt: string;
  readonly model: ModelVersion;
  readonly reasons: readonly IcuReason[];
};

export const PATIENT = operation<
  {
    patient: { readonly id: string; readonly icuRisk: IcuRisk | null } | null;
    observationTypes: readonly { readonly code: string; readonly unit: string }[];
  },
  { id: string }
>(`# How probable an admission to the ICU is, and why; needs the scope patient:read.
query Patient($id: ID!) {
  patient(id: $id) {
    id
    icuRisk {
      probability
      willBeAdmitted
      threshold
      window
      caution
      assessedAt
      model {
        name
        version
      }
      reasons {
        code
        display
        value
        contribution
      }
    }
  }
  observationTypes {
    code
    unit
  }
}
`);

export const PATIENTS = operation<{ patients: { nodes: { id: string }[] } }, { first: number }>(
  `# Patients to choose from.
query Patients($first: Int = 100) {
  patients(first: $first) {
    nodes {
      id
    }
  }
}
`,
);
