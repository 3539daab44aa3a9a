import { openToken, sealToken } from './sealed-token.ts';

/** What the heatmap subgraph says of a picture that it has drawn. */
export type HeatmapClaim = {
  readonly radiographId: string;
  /** Where the picture lies in the blob store. */
  readonly address: string;
  /** The label of the finding that it speaks for. */
  readonly finding: string;
  readonly method: string;
  /** Names the model whose maps it was drawn from. */
  readonly modelDigest: string;
};

const LIFETIME_MS = 60 * 60_000;

/** The claim check that stands in for a drawn heatmap in a mutation: imaging trusts it by its signature, so nobody can
 *  pass off one radiograph's picture as another's. */
export function sealHeatmapClaim(key: Buffer, claim: HeatmapClaim, now = Date.now()): string {
  return sealToken(key, claim, now + LIFETIME_MS);
}

/** @returns undefined for a text that is no claim of ours, or out of date */
export function openHeatmapClaim(key: Buffer, token: string, now = Date.now()): HeatmapClaim | undefined {
  const { radiographId, address, finding, method, modelDigest } = openToken(key, token, now) ?? {};
  const fields = [radiographId, address, finding, method, modelDigest];
  if (!fields.every((field) => typeof field === 'string')) return undefined;
  return { radiographId, address, finding, method, modelDigest } as HeatmapClaim;
}
