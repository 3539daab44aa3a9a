import DataLoader from 'dataloader';
import { codeOf, RadiographError } from '#common/errors.ts';
import type { Inference } from '../domain/classification.ts';
import { batchGate } from './batch-gate.ts';
import { MODEL_EDGE } from './preprocess.ts';
import type { PredictAnswer, ServingClient } from './serving-client.ts';
import { floatTensor, uint8Tensor } from './tensor-proto.ts';

const MAX_BATCH = 8;
const SLOTS = 2;
const CHANNELS = 3;

/** Sends model inputs in batches; the first pool that can answer does.
 *  @param pools in the order of preference
 *  @returns a function from uint8 [256, 256] to its inference */
export function inferenceClient(
  pools: readonly ServingClient[],
  model: string,
): (grey: Buffer) => Promise<Inference> {
  const gate = batchGate(SLOTS);
  const loader = new DataLoader<Buffer, Inference>(
    async (greys) => {
      try {
        return await inferBatch(pools, model, greys);
      } finally {
        gate.done();
      }
    },
    // One loader for the whole process: batches form over requests. Keys are pixels, so nothing may be remembered.
    { cache: false, maxBatchSize: MAX_BATCH, batchScheduleFn: gate.schedule },
  );
  return (grey) => loader.load(grey);
}

async function inferBatch(
  pools: readonly ServingClient[],
  model: string,
  greys: readonly Buffer[],
): Promise<Inference[]> {
  const input = uint8Tensor(threeChannels(greys), [greys.length, MODEL_EDGE, MODEL_EDGE, CHANNELS]);
  let refusal: unknown = new RadiographError('MODEL_UNAVAILABLE', 'No model server is configured');
  for (const pool of pools) {
    try {
      return toInferences(await pool.predict(model, input), pool.pool, greys.length);
    } catch (error) {
      refusal = error;
      const code = codeOf(error);
      if (code !== 'MODEL_UNAVAILABLE' && code !== 'OVERLOADED') break;
    }
  }
  throw refusal;
}

/** uint8 [n][256, 256] to [n, 256, 256, 3]: the grey value in each of three equal channels. */
function threeChannels(greys: readonly Buffer[]): Buffer {
  const pixels = Buffer.allocUnsafe(greys.length * MODEL_EDGE * MODEL_EDGE * CHANNELS);
  let at = 0;
  for (const grey of greys) {
    for (const value of grey) {
      pixels[at] = value;
      pixels[at + 1] = value;
      pixels[at + 2] = value;
      at += CHANNELS;
    }
  }
  return pixels;
}

/** The server does not check shapes against its signature, so they are checked here. */
function toInferences(answer: PredictAnswer, pool: string, count: number): Inference[] {
  const { probabilities: scores, cams, outlier_score: distances } = answer.outputs;
  if (!scores || !cams) throw new Error('The model server answered without probabilities or cams');
  const probabilities = floatTensor(scores);
  const maps = floatTensor(cams);
  const [n, labels = 0] = probabilities.shape;
  const [mapCount, mapHeight = 0, mapWidth = 0, mapLabels] = maps.shape;
  const outlierScores = distances && floatTensor(distances);
  const ranks = probabilities.shape.length === 2 && maps.shape.length === 4;
  if (!ranks || n !== count || mapCount !== count || mapLabels !== labels)
    throw new Error(`Expected ${count} answers, got shapes [${probabilities.shape}] and [${maps.shape}]`);
  if (outlierScores && (outlierScores.shape.length !== 1 || outlierScores.shape[0] !== count))
    throw new Error(`Expected ${count} outlier scores, got shape [${outlierScores.shape}]`);
  const mapLength = mapHeight * mapWidth * labels;
  return Array.from({ length: count }, (_, i) => ({
    probabilities: [...probabilities.values.subarray(i * labels, (i + 1) * labels)],
    ...(outlierScores && { outlierScore: outlierScores.values[i] ?? Number.NaN }),
    maps: Buffer.from(new Float32Array(maps.values.subarray(i * mapLength, (i + 1) * mapLength)).buffer),
    mapHeight,
    mapWidth,
    modelVersion: answer.model_spec.version?.value ?? '',
    pool,
  }));
}
