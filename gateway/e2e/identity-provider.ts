import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export type IdentityProvider = AsyncDisposable & {
  /** Settings of a gateway that takes its tokens. */
  readonly settings: Readonly<Record<'AUTH_JWKS_URL' | 'AUTH_ISSUER' | 'AUTH_AUDIENCE', string>>;
  /** A token that is good for a minute. @param claims beside or in place of those that it takes to be let in */
  token(claims: object): Promise<string>;
};

/** Publishes its keys and signs tokens. @param alg of the signatures */
export async function startIdentityProvider(alg = 'ES256'): Promise<IdentityProvider> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'first', alg }];
  const provider = createServer((_request, response) => void response.end(JSON.stringify({ keys })));
  await once(provider.listen(0, '127.0.0.1'), 'listening');
  const claims = { iss: 'https://id.example', aud: 'radiograph', sub: 'nurse' };
  return {
    settings: {
      AUTH_JWKS_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/keys`,
      AUTH_ISSUER: claims.iss,
      AUTH_AUDIENCE: claims.aud,
    },
    token: (given) =>
      new SignJWT({ ...claims, exp: Math.floor(Date.now() / 1000) + 60, ...given })
        .setProtectedHeader({ alg, kid: 'first' })
        .sign(privateKey),
    async [Symbol.asyncDispose]() {
      provider.close();
      provider.closeAllConnections();
    },
  };
}
