import type { CamMethod, Grid } from './class-activation.ts';
import type { Colormap } from './colormaps.ts';

/** A stored picture. */
export type RenderedImage = {
  readonly address: string;
  readonly mediaType: 'image/jpeg';
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
};

export type HeatmapRequest = {
  readonly imageAddress: string;
  readonly map: Grid;
  readonly colormap: Colormap;
  readonly opacity: number;
};

export interface HeatmapRenderer {
  /** Draws the map over the radiograph's picture and stores the result.
   *  @throws RadiographError OVERLOADED, NOT_FOUND when the picture is gone */
  draw(request: HeatmapRequest): Promise<RenderedImage>;
  /** The size of the radiograph's picture in pixels, which the heatmap has too. */
  size(imageAddress: string): Promise<{ width: number; height: number }>;
}

/** A heatmap of which the picture, the peak and the regions are worked out only when they are asked for. */
export type ComputedHeatmap = {
  readonly radiographId: string;
  /** Names the model whose maps it is drawn from. */
  readonly modelDigest: string;
  readonly picture: HeatmapRequest;
  readonly finding: { readonly code: string; readonly display: string; readonly probability: number };
  readonly method: CamMethod;
};
