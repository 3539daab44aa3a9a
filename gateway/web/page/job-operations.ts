import type { Fault } from './fault.ts';
import { operation } from './operation.ts';
import type { Verdict } from './verdict.ts';

export const PRIORITIES = ['ROUTINE', 'URGENT', 'STAT'] as const;

export type Priority = (typeof PRIORITIES)[number];

export type UploadVariables = {
  files: null[];
  patientId: string | null;
  priority: Priority;
  /** With which it may be sent again, and is taken in once. */
  idempotencyKey?: string;
};

export type UploadData = {
  radiographUpload: { jobs: { id: string }[]; userErrors: { code: string; message: string }[] } | null;
};

export const UPLOAD = operation<UploadData, UploadVariables>(`# Choose files above, then press ▶.
mutation Upload($files: [Upload!]!, $patientId: ID, $priority: JobPriority! = ROUTINE, $idempotencyKey: String) {
  radiographUpload(
    input: { files: $files, patientId: $patientId, priority: $priority, idempotencyKey: $idempotencyKey }
  ) {
    jobs {
      id
    }
    userErrors {
      code
      message
    }
  }
}
`);

export type JobStatus = {
  readonly state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  readonly progress: number;
  readonly error: Fault | null;
};

export type Job = JobStatus & {
  readonly radiograph: { readonly id: string; readonly classification: Verdict | null } | null;
};

export const FOLLOW = operation<{ jobStatus: Job }, { id: string }>(`# The job now and after each change.
subscription Follow($id: ID!) {
  jobStatus(id: $id) {
    state
    progress
    error {
      code
      message
    }
    radiograph {
      id
      classification {
        decision
        indeterminateReason
        threshold
        finding {
          code
          display
          probability
        }
      }
    }
  }
}
`);

export const CANCEL = operation<
  { jobCancel: { job: { state: Job['state'] } | null; userErrors: Fault[] } | null },
  { id: string }
>(`mutation Cancel($id: ID!) {
  jobCancel(input: { id: $id }) {
    job {
      state
    }
    userErrors {
      code
      message
    }
  }
}
`);
