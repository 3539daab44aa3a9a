import type { ActivationMaps } from './heatmap-source.ts';

export type CamMethod = 'GRAD_CAM' | 'GRAD_CAM_SOFTMAX';

/** A map of one finding: values [height, width], row-major, at least 0. */
export type Grid = { readonly width: number; readonly height: number; readonly values: Float32Array };

/** Grad-CAM of a finding in closed form. For a network that ends in global average pooling and one dense layer the
 *  gradient is a constant for each channel, so with Z = h·w:
 *  GRAD_CAM          relu(M_c) / Z                     (gradient of the logit; Selvaraju et al., ICCV 2017)
 *  GRAD_CAM_SOFTMAX  relu(p_c · Σ_m p_m (M_c − M_m)) / Z  (gradient of the probability, in its stable form)
 *  @param finding index of the label */
export function classActivation(maps: ActivationMaps, finding: number, method: CamMethod): Grid {
  const { width, height, probabilities } = maps;
  const count = maps.labels.length;
  const all = decodedMaps(maps);
  const values = new Float32Array(width * height);
  const own = probabilities[finding] ?? 0;
  for (let place = 0; place < values.length; place += 1) {
    const at = place * count;
    const raw = all[at + finding] ?? 0;
    let score = raw;
    if (method === 'GRAD_CAM_SOFTMAX') {
      score = 0;
      for (let other = 0; other < count; other += 1)
        score += (probabilities[other] ?? 0) * (raw - (all[at + other] ?? 0));
      score *= own;
    }
    values[place] = Math.max(0, score) / values.length;
  }
  return { width, height, values };
}

/** @throws Error when the bytes do not fill the shape, or hold what is not a finite number */
function decodedMaps({ maps, width, height, labels }: ActivationMaps): Float32Array {
  const bytes = Buffer.from(maps, 'base64');
  const expected = width * height * labels.length * Float32Array.BYTES_PER_ELEMENT;
  if (bytes.length !== expected)
    throw new Error(`Expected ${expected} bytes of activation maps, got ${bytes.length}`);
  // A copy: a view of Node's pooled buffer may begin where no float32 can.
  const decoded = new Float32Array(new Uint8Array(bytes).buffer);
  if (!decoded.every(Number.isFinite)) throw new Error('Expected finite activation maps');
  return decoded;
}
