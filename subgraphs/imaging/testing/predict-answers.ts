import { Registry } from 'prom-client';
import { inferenceMetrics } from '../inference/inference-metrics.ts';
import { openPool, type Pool, type PoolSettings } from '../inference/pool.ts';
import { MODEL_EDGE } from '../inference/preprocess.ts';
import { type ServingClient, servingClient } from '../inference/serving-client.ts';
import type { TensorProto } from '../inference/tensor-proto.ts';

const PIXELS = MODEL_EDGE * MODEL_EDGE;

/** A model input of one grey; its first pixel comes back in the answer. */
export const grey = (value: number) => Buffer.alloc(PIXELS, value);
export const never = new AbortController().signal;

export function floats(values: number[], ...sizes: number[]): TensorProto {
  return {
    dtype: 'DT_FLOAT',
    tensor_shape: { dim: sizes.map((size) => ({ size: String(size) })) },
    tensor_content: Buffer.from(Float32Array.from(values).buffer),
  };
}

/** The first pixel of each picture of a batch. */
export function firstPixels(input: TensorProto): number[] {
  const n = Number(input.tensor_shape.dim[0]?.size);
  return Array.from({ length: n }, (_, i) => input.tensor_content?.[i * PIXELS * 3] ?? 0);
}

/** Two labels and a 1 × 2 map; the first pixel of a picture comes back, so that answers cannot be swapped. */
export function answerTo(input: TensorProto, version = '7') {
  const firsts = firstPixels(input);
  const n = firsts.length;
  return {
    model_spec: { version: { value: version } },
    outputs: {
      probabilities: floats(
        firsts.flatMap((first) => [first / 256, 1 - first / 256]),
        ...[n, 2],
      ),
      cams: floats(
        firsts.flatMap((first) => [first, 1, 2, 3]),
        ...[n, 1, 2, 2],
      ),
    },
  };
}

/** A pool with the metrics of its own registry. */
export function aPool(
  settings: Partial<PoolSettings> & { name: string },
  client?: ServingClient,
): Pool & { readonly registry: Registry } {
  const registry = new Registry();
  const usual = { address: '127.0.0.1:1', slots: 2, maxBatch: 8, deadlineMs: 5_000, ...settings };
  const parts = { settings: usual, model: 'm', metrics: inferenceMetrics(registry) };
  return { ...openPool({ ...parts, client: client ?? servingClient(usual.address) }), registry };
}
