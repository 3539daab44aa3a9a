import type { JobStatus } from './job-operations.ts';
import { operation } from './operation.ts';
import type { ImageFile, Radiograph } from './radiograph-operations.ts';
import type { Verdict } from './verdict.ts';

export type Past = {
  readonly id: string;
  readonly createdAt: string;
  readonly format: Radiograph['format'];
  readonly patient: { readonly id: string } | null;
  readonly image: ImageFile;
  readonly classification: Verdict | null;
  readonly job: JobStatus | null;
};

export type HistoryVariables = { first: number; after: string | null; patientId: string | null };

export const HISTORY = operation<
  { radiographs: { nodes: Past[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } },
  HistoryVariables
>(`# Radiographs, newest first.
query History($first: Int = 12, $after: String, $patientId: ID) {
  radiographs(first: $first, after: $after, patientId: $patientId) {
    nodes {
      id
      createdAt
      format
      patient {
        id
      }
      image {
        url
        width
        height
      }
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
      job {
        state
        progress
        error {
          code
          message
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`);
