import type { KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Caller } from './caller.ts';
import { RadiographError } from './errors.ts';

const ISSUER = 'radiograph-gateway';
const LIFETIME_MS = 60_000;
/** A token is used again for half of its life: signing one for every request would cost more than the request. */
const RENEWED_AFTER_MS = LIFETIME_MS / 2;
const KEPT = 1_000;

/** Makes the token that tells a subgraph who asks: a JWT signed with EdDSA (RFC 8037), good for one subgraph and
 *  60 seconds. */
export type InternalTokens = (caller: Caller, subgraph: string) => Promise<string>;

export function internalTokens(key: KeyObject): InternalTokens {
  const made = new LRUCache<string, { token: Promise<string>; renewAt: number }>({ max: KEPT });
  return (caller, subgraph) => {
    const scope = caller.scopes === 'all' ? undefined : [...caller.scopes].sort().join(' ');
    const name = JSON.stringify([caller.subject, scope, subgraph]);
    const known = made.get(name);
    if (known && known.renewAt > Date.now()) return known.token;
    const token = new SignJWT(scope === undefined ? {} : { scope })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setIssuer(ISSUER)
      .setAudience(subgraph)
      .setSubject(caller.subject)
      .setExpirationTime(Math.ceil((Date.now() + LIFETIME_MS) / 1000))
      .sign(key);
    made.set(name, { token, renewAt: Date.now() + RENEWED_AFTER_MS });
    token.catch(() => made.delete(name));
    return token;
  };
}

/** Checks the token of a request to one subgraph.
 *  @throws RadiographError UNAUTHENTICATED for anything but a token of the gateway for this subgraph */
export type TokenCheck = (authorization: string | undefined) => Promise<Caller>;

export function tokenCheck(key: KeyObject, subgraph: string): TokenCheck {
  const known = new LRUCache<string, Caller>({ max: KEPT });
  return async (authorization) => {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(authorization ?? '')?.[1];
    const before = token === undefined ? undefined : known.get(token);
    if (before && before.until > Date.now()) return before;
    try {
      const { payload } = await jwtVerify(token ?? '', key, {
        algorithms: ['EdDSA'],
        issuer: ISSUER,
        audience: subgraph,
        requiredClaims: ['sub', 'exp'],
      });
      const { sub = '', exp = 0, scope } = payload;
      const scopes = typeof scope === 'string' ? new Set(scope.split(' ').filter(Boolean)) : ('all' as const);
      const caller = { subject: sub, scopes, until: exp * 1000 };
      known.set(token ?? '', caller);
      return caller;
    } catch (cause) {
      throw new RadiographError('UNAUTHENTICATED', 'Only the gateway is answered here', { cause });
    }
  };
}
