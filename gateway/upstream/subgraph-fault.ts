import { GraphQLError } from 'graphql';
import { type ErrorCode, RadiographError } from '#common/errors.ts';

/** `unreachable`: no connection, it broke, or 502 or 503 came · `late`: the deadline passed · `abandoned`: whoever
 *  asked is gone · `refused`: the breaker is open · `unusable`: the answer is not GraphQL · `too_large`: it is too long */
export type FaultKind = 'unreachable' | 'late' | 'abandoned' | 'refused' | 'unusable' | 'too_large';

/** Why a subgraph gave no answer. */
export class SubgraphFault extends Error {
  override name = 'SubgraphFault';
  readonly kind: FaultKind;
  /** ms that the subgraph had for its answer. */
  readonly waitedMs: number;

  constructor(kind: FaultKind, message: string, waitedMs = 0, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.waitedMs = waitedMs;
  }
}

/** The fault behind an abort: time ran out, or nobody waits any more. */
export function faultOfAbort({ reason }: AbortSignal, waitedMs = 0): SubgraphFault {
  const late = reason instanceof RadiographError && reason.code === 'DEADLINE_EXCEEDED';
  return new SubgraphFault(late ? 'late' : 'abandoned', 'Given up', waitedMs, { cause: reason });
}

/** What a caller is told of a subgraph that cannot be reached. */
const UNREACHABLE: Record<string, { code: ErrorCode; message: string }> = {
  imaging: { code: 'OVERLOADED', message: 'The imaging service cannot answer now; try again later' },
  heatmap: { code: 'OVERLOADED', message: 'The heatmap service cannot answer now; try again later' },
  icu: { code: 'ICU_UNAVAILABLE', message: 'The ICU risk service cannot answer now; try again later' },
};

/** The fault with a code of the closed list. */
export function asGraphQLError(name: string, fault: unknown): GraphQLError {
  const { code, message } = publicWords(name, fault);
  return new GraphQLError(message, {
    originalError: fault as Error,
    extensions: { code, serviceName: name },
  });
}

function publicWords(name: string, fault: unknown): { code: ErrorCode; message: string } {
  const inner = { code: 'INTERNAL' as const, message: 'A service cannot answer now' };
  if (!(fault instanceof SubgraphFault)) return inner;
  switch (fault.kind) {
    case 'late':
    case 'abandoned':
      return { code: 'DEADLINE_EXCEEDED', message: `The ${name} service did not answer in time` };
    case 'unreachable':
    case 'refused':
    case 'unusable':
      return UNREACHABLE[name] ?? inner;
    case 'too_large':
      return inner;
    default:
      return fault.kind satisfies never;
  }
}
