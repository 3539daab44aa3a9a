import type { HeatmapClaim } from '#common/heatmap-claim.ts';
import type { HeatmapRenderer, RenderedImage } from './domain/rendering.ts';

/** What resolvers may use. */
export type Context = {
  readonly renderer: HeatmapRenderer;
  readonly linkTo: (picture: RenderedImage) => string;
  readonly claimOf: (claim: HeatmapClaim) => string;
};
