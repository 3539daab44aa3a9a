import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { ANONYMOUS, type Caller } from '#common/caller.ts';
import { RadiographError } from '#common/errors.ts';

export type AuthenticationConfig = {
  /** Where the identity provider publishes its keys (RFC 7517). */
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
};

/** Finds out who asks.
 *  @param authorization "Bearer …", from the header or a socket's connectionParams
 *  @throws RadiographError UNAUTHENTICATED; OVERLOADED while the identity provider's keys cannot be read */
export type Authentication = (authorization: unknown) => Promise<Caller>;

/** Asymmetric ones alone: with a shared secret, whoever can check a token can make one. RS384 and ES384 are what CDS Hooks
 *  recommends to its clients. */
const ALGORITHMS = ['RS256', 'RS384', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const CLOCK_TOLERANCE_S = 5;
/** A request is checked where it comes in, where it is counted and where it runs; a key that its provider withdraws
 *  is good for as long. */
const CHECKED_MS = 10_000;
const CHECKED_TOKENS = 1_000;

/** Checks bearer tokens (RFC 6750, RFC 9068); without a configuration everybody may do everything. */
export function authentication(config: AuthenticationConfig | undefined): Authentication {
  if (!config) return async () => ANONYMOUS;
  const keys = createRemoteJWKSet(new URL(config.jwksUrl), {
    timeoutDuration: 3_000,
    cooldownDuration: 10_000,
  });
  const checked = new LRUCache<string, Caller>({ max: CHECKED_TOKENS, ttl: CHECKED_MS });
  return async (authorization) => {
    const token = /^Bearer +([\w.~+/=-]+)$/i.exec(
      typeof authorization === 'string' ? authorization : '',
    )?.[1];
    if (token === undefined) throw new RadiographError('UNAUTHENTICATED', 'Expected a bearer token');
    const known = checked.get(token);
    if (known && known.until > Date.now()) return known;
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer: config.issuer,
        audience: config.audience,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['sub', 'exp'],
      });
      const caller = {
        subject: String(payload.sub),
        scopes: scopesOf(payload),
        until: (Number(payload.exp) + CLOCK_TOLERANCE_S) * 1000,
      };
      checked.set(token, caller);
      return caller;
    } catch (cause) {
      throw refusal(cause);
    }
  };
}

/** `scope` is one string (RFC 8693), `scp` a list with some providers. */
function scopesOf({ scope, scp }: JWTPayload): ReadonlySet<string> {
  const given = scope ?? scp;
  const list = Array.isArray(given) ? given.map(String) : typeof given === 'string' ? given.split(' ') : [];
  return new Set(list.filter(Boolean));
}

function refusal(cause: unknown): RadiographError {
  if (cause instanceof errors.JWTExpired)
    return new RadiographError('UNAUTHENTICATED', 'The token has run out', { cause });
  const fault = cause instanceof errors.JOSEError && !(cause instanceof errors.JWKSTimeout);
  // The key set answers with this class itself when it cannot be read.
  if (fault && cause.constructor !== errors.JOSEError)
    return new RadiographError('UNAUTHENTICATED', 'The token is not valid here', { cause });
  return new RadiographError('OVERLOADED', 'Tokens cannot be checked now; try again later', { cause });
}
