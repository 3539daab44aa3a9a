import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openHeatmapClaim, sealHeatmapClaim } from './heatmap-claim.ts';
import { sealToken } from './sealed-token.ts';

const KEY = randomBytes(32);
const CLAIM = { radiographId: 'r1', address: 'a', finding: 'COVID19', method: 'GRAD_CAM', modelDigest: 'd' };
const NOW = 1_000_000;

test('a claim is read as it was sealed, for an hour', () => {
  const token = sealHeatmapClaim(KEY, CLAIM, NOW);
  expect(openHeatmapClaim(KEY, token, NOW + 3_599_999)).toEqual(CLAIM);
  expect(openHeatmapClaim(KEY, token, NOW + 3_600_000)).toBeUndefined();
});

test('what is no claim of ours is none', () => {
  const token = sealHeatmapClaim(KEY, CLAIM, NOW);
  const other = sealHeatmapClaim(randomBytes(32), CLAIM, NOW);
  const picture = sealToken(KEY, { address: 'a', mediaType: 'image/jpeg' }, NOW + 1_000);
  for (const text of ['', 'junk', `${token}x`, other, picture])
    expect(openHeatmapClaim(KEY, text, NOW)).toBeUndefined();
});
