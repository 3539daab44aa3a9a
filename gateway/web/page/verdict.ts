export type Decision = 'POSITIVE' | 'NEGATIVE' | 'INDETERMINATE';

export type Finding = { readonly code: string; readonly display: string; readonly probability: number };

export type Verdict = {
  readonly decision: Decision;
  readonly indeterminateReason: 'OUT_OF_DISTRIBUTION' | 'BELOW_THRESHOLD' | null;
  readonly threshold: number;
  readonly finding: Finding;
};
