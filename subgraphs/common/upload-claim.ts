import { isErrorCode, RadiographError } from './errors.ts';
import { openToken, sealToken } from './sealed-token.ts';

/** What the gateway says of one uploaded file: where its bytes lie, or why they were not kept. */
export type UploadClaim =
  | { kept: true; address: string; bytes: number }
  | { kept: false; code: 'UNSUPPORTED_IMAGE' | 'FILE_TOO_LARGE' | 'BAD_USER_INPUT'; message: string };

const LIFETIME_MS = 60 * 60_000;

/** The claim check that stands in for the file in the query plan: the subgraph trusts it by its signature, so a
 *  client cannot name a stored image by writing an `Upload` value of its own. */
export function sealClaim(key: Buffer, claim: UploadClaim, now = Date.now()): string {
  return sealToken(key, claim, now + LIFETIME_MS);
}

/** @returns the address and size in bytes of a kept file
 *  @throws RadiographError BAD_USER_INPUT for a value that is no claim of ours; the refusal's own code for a
 *  file that the gateway did not keep */
export function openClaim(key: Buffer, token: unknown, now = Date.now()): { address: string; bytes: number } {
  const claim = typeof token === 'string' ? openToken(key, token, now) : undefined;
  if (claim?.kept === true && typeof claim.address === 'string' && typeof claim.bytes === 'number')
    return { address: claim.address, bytes: claim.bytes };
  if (claim?.kept === false && isErrorCode(claim.code))
    throw new RadiographError(claim.code, String(claim.message));
  throw new RadiographError('BAD_USER_INPUT', 'Expected a file of a multipart request, got another value');
}
