import { z } from 'zod';

/** What imaging hands over through the query plan: the outputs of one forward pass. */
export const activationMaps = z
  .object({
    labels: z.array(z.object({ code: z.string(), display: z.string() })).min(1),
    /** [C], sums to 1. */
    probabilities: z.array(z.number().min(0).max(1)),
    height: z.number().int().min(1).max(256),
    width: z.number().int().min(1).max(256),
    /** base64 of float32 little endian [height, width, C]: un-relued class maps M_c = Σ_k W_kc · A_k. */
    maps: z.string(),
    modelDigest: z.string(),
  })
  .refine(({ labels, probabilities }) => labels.length === probabilities.length, {
    error: 'Expected one probability for each label',
  });

export type ActivationMaps = z.infer<typeof activationMaps>;

/** A radiograph as the gateway names it here: its maps (null until its job has succeeded) and its picture. */
export type HeatmapSource = {
  readonly id: string;
  readonly activationMaps?: unknown;
  readonly imageAddress: string;
};
