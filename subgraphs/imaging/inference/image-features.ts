/** What is watched of a model input. */
export const INPUT_FEATURES = ['mean_grey', 'contrast', 'dark_grey', 'bright_grey', 'outlier_score'] as const;

export type InputFeature = (typeof INPUT_FEATURES)[number];

const GREYS = 256;

/** Measures of the greys of a picture, 0 to 255 each: their mean, their standard deviation, and the 5th and the 95th
 *  percentile.
 *  @param grey uint8, one channel */
export function greyFeatures(grey: Uint8Array): Record<Exclude<InputFeature, 'outlier_score'>, number> {
  const counts = new Uint32Array(GREYS);
  // By index: the iterator of a buffer takes four times as long.
  for (let index = 0; index < grey.length; index += 1) {
    const value = grey[index] ?? 0;
    counts[value] = (counts[value] ?? 0) + 1;
  }
  let sum = 0;
  let squares = 0;
  for (let value = 0; value < GREYS; value += 1) {
    const count = counts[value] ?? 0;
    sum += count * value;
    squares += count * value * value;
  }
  const mean = sum / grey.length;
  const contrast = Math.sqrt(Math.max(0, squares / grey.length - mean * mean));
  const percentile = (share: number) => {
    let below = 0;
    for (let value = 0; value < GREYS; value += 1) {
      below += counts[value] ?? 0;
      if (below >= share * grey.length) return value;
    }
    return GREYS - 1;
  };
  return { mean_grey: mean, contrast, dark_grey: percentile(0.05), bright_grey: percentile(0.95) };
}
