/** Who asks, as the gateway found out. */
export type Caller = {
  /** The `sub` of the caller's token; in a log it stands for the person. */
  readonly subject: string;
  /** What the caller may do, or 'all' where nobody is authenticated. */
  readonly scopes: ReadonlySet<string> | 'all';
  /** ms since 1970 until which that holds. */
  readonly until: number;
};

/** The caller where authentication is off. */
export const ANONYMOUS: Caller = { subject: 'anonymous', scopes: 'all', until: Number.POSITIVE_INFINITY };

export function maySee(caller: Caller, scope: string): boolean {
  return caller.scopes === 'all' || caller.scopes.has(scope);
}
