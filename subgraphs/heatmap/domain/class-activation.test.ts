import { expect, test } from 'vitest';
import { classActivation } from './class-activation.ts';
import type { ActivationMaps } from './heatmap-source.ts';

const [H, W, K, C] = [3, 2, 5, 3];
const noise = (i: number) => Math.sin(i * 12.9898) * 2;
const features = Array.from({ length: H * W * K }, (_, i) => Math.abs(noise(i + 1)));
const weights = Array.from({ length: K * C }, (_, i) => noise(i + 100));

function logits(a: readonly number[]): number[] {
  return Array.from({ length: C }, (_, c) =>
    a.reduce((sum, value, i) => sum + (value * (weights[(i % K) * C + c] ?? 0)) / (H * W), 0),
  );
}

function softmax(z: readonly number[]): number[] {
  const powers = z.map((value) => Math.exp(value - Math.max(...z)));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

function outputs(): ActivationMaps {
  const values = new Float32Array(H * W * C);
  for (let place = 0; place < H * W; place += 1)
    for (let c = 0; c < C; c += 1)
      for (let k = 0; k < K; k += 1)
        values[place * C + c] =
          (values[place * C + c] ?? 0) + (weights[k * C + c] ?? 0) * (features[place * K + k] ?? 0);
  return {
    labels: ['A', 'B', 'C'].map((code) => ({ code, display: code })),
    probabilities: softmax(logits(features)),
    height: H,
    width: W,
    maps: Buffer.from(values.buffer).toString('base64'),
    modelDigest: 'd',
  };
}

/** Grad-CAM by its definition: channel weights are the mean gradient, here by central differences. */
function byDifferences(score: (a: readonly number[]) => number): number[] {
  const step = 1e-5;
  const moved = (i: number, by: number) => features.map((value, j) => (j === i ? value + by : value));
  const gradient = features.map((_, i) => (score(moved(i, step)) - score(moved(i, -step))) / (2 * step));
  const alpha = Array.from(
    { length: K },
    (_, k) => gradient.filter((_, i) => i % K === k).reduce((sum, value) => sum + value, 0) / (H * W),
  );
  return Array.from({ length: H * W }, (_, place) =>
    Math.max(
      0,
      alpha.reduce((sum, weight, k) => sum + weight * (features[place * K + k] ?? 0), 0),
    ),
  );
}

test.each([0, 1, 2])('the closed forms are Grad-CAM by numeric gradients (finding %i)', (c) => {
  const logit = byDifferences((a) => logits(a)[c] ?? 0);
  const probability = byDifferences((a) => softmax(logits(a))[c] ?? 0);
  classActivation(outputs(), c, 'GRAD_CAM').values.forEach((value, i) => {
    expect(value).toBeCloseTo(logit[i] ?? Number.NaN, 5);
  });
  classActivation(outputs(), c, 'GRAD_CAM_SOFTMAX').values.forEach((value, i) => {
    expect(value).toBeCloseTo(probability[i] ?? Number.NaN, 5);
  });
});

test('maps that do not fill their shape, or are not finite, are refused', () => {
  expect(() => classActivation({ ...outputs(), width: 3 }, 0, 'GRAD_CAM')).toThrow(/bytes/);
  const broken = Buffer.from(new Float32Array(H * W * C).fill(Number.NaN).buffer).toString('base64');
  expect(() => classActivation({ ...outputs(), maps: broken }, 0, 'GRAD_CAM')).toThrow(/finite/);
});
