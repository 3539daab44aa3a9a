import { RadiographError } from '#common/errors.ts';
import { classActivation } from '../domain/class-activation.ts';
import { type ActivationMaps, activationMaps } from '../domain/heatmap-source.ts';
import { peakOf, regionsOf } from '../domain/regions.ts';
import type { Resolvers } from '../generated/resolvers.ts';

export const heatmapResolvers: Resolvers = {
  Radiograph: {
    // The gateway hands over what @requires names; nothing is looked up here.
    __resolveReference: (reference) => reference,

    heatmap(radiograph, { finding, colormap, opacity, method }) {
      if (radiograph.activationMaps == null) return null;
      const share = opacity ?? 0.5;
      if (!(share >= 0 && share <= 1))
        throw new RadiographError('BAD_USER_INPUT', `Expected opacity between 0 and 1, got ${share}`);
      const maps = activationMaps.parse(radiograph.activationMaps);
      const index = findingIndex(maps, finding);
      const cam = method ?? 'GRAD_CAM';
      const map = classActivation(maps, index, cam);
      const label = maps.labels[index] ?? { code: '', display: '' };
      const { imageAddress } = radiograph;
      return {
        radiographId: radiograph.id,
        modelDigest: maps.modelDigest,
        picture: {
          imageAddress,
          map,
          colormap: colormap ?? 'TURBO',
          opacity: share,
        },
        finding: { ...label, probability: maps.probabilities[index] ?? 0 },
        method: cam,
      };
    },
  },

  // Each is worked out only when it is asked for: the peak and the regions need the size of the picture alone.
  Heatmap: {
    async image({ picture }, _args, context) {
      const drawn = await context.renderer.draw(picture);
      return { ...drawn, url: context.linkTo(drawn) };
    },
    async claim({ picture, radiographId, finding, method, modelDigest }, _args, context) {
      const { address } = await context.renderer.draw(picture);
      return context.claimOf({ radiographId, address, finding: finding.code, method, modelDigest });
    },
    async peak({ picture }, _args, context) {
      const { width, height } = await context.renderer.size(picture.imageAddress);
      return peakOf(picture.map, width, height);
    },
    async regions({ picture }, _args, context) {
      const { width, height } = await context.renderer.size(picture.imageAddress);
      return regionsOf(picture.map, width, height);
    },
  },
};

/** @throws RadiographError BAD_USER_INPUT for a finding that the model does not know */
function findingIndex({ labels, probabilities }: ActivationMaps, finding: string | null | undefined): number {
  if (finding == null) return probabilities.indexOf(Math.max(...probabilities));
  const index = labels.findIndex(({ code }) => code === finding);
  if (index >= 0) return index;
  const known = labels.map(({ code }) => code).join(', ');
  throw new RadiographError(
    'BAD_USER_INPUT',
    `Expected one of the model's findings (${known}), got another text`,
  );
}
