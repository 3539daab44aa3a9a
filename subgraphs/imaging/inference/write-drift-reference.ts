import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Distribution, type DriftReference, distributionOf, REFERENCE } from './drift-reference.ts';
import { greyFeatures, INPUT_FEATURES, type InputFeature } from './image-features.ts';
import { MODEL_EDGE, modelInput } from './preprocess.ts';

// Writes what the drift of a model version is measured against: how the greys and the scores of images lie that it has
// not learned from. Counts in bins alone; nothing of an image.
// Usage: npm run model:reference -- <folder with manifest.csv> <folder of the version>

/** Not `train`: a network is surer of what it has learned. */
const SPLITS = new Set(['val', 'test']);
const TENTHS = 10;
/** Scores lie at both ends: tenths of them would be decided by the last digit. */
const SCORE_EDGES = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95];

const [data, version] = process.argv.slice(2);
if (!data || !version)
  throw new Error('Expected two arguments: the folder with manifest.csv and the folder of the model version');
const rows: Record<string, string>[] = parse(readFileSync(join(data, 'manifest.csv')), { columns: true });
const files = rows.filter(({ split }) => SPLITS.has(split ?? '')).map(({ file }) => join(data, String(file)));
const weights = readFileSync(join(version, 'model.onnx'));
const { labels } = JSON.parse(readFileSync(join(version, 'metadata.json'), 'utf8')) as {
  labels: { code: string }[];
};
const session = await InferenceSession.create(weights);

const features = new Map<InputFeature, number[]>(INPUT_FEATURES.map((name) => [name, []]));
const scores = labels.map((): number[] => []);
for (const file of files) {
  const grey = await modelInput(readFileSync(file));
  const { probabilities, outlier } = await inferred(grey);
  const measured = { ...greyFeatures(grey), outlier_score: outlier };
  for (const name of INPUT_FEATURES) features.get(name)?.push(measured[name]);
  for (const index of labels.keys()) scores[index]?.push(Number(probabilities[index]));
}

const reference: DriftReference = {
  digest: createHash('sha256').update(weights).digest('hex'),
  images: files.length,
  inputs: Object.fromEntries([...features].map(([name, values]) => [name, byTenths(values)])),
  scores: Object.fromEntries(
    labels.map(({ code }, index) => [code, distributionOf(SCORE_EDGES, scores[index] ?? [])]),
  ),
};
writeFileSync(join(version, REFERENCE), `${JSON.stringify(reference, null, 2)}\n`);
console.log(`${files.length} images`);

async function inferred(grey: Buffer) {
  const pixels = new Uint8Array(grey.length * 3);
  for (let index = 0; index < pixels.length; index += 1) pixels[index] = grey[Math.trunc(index / 3)] ?? 0;
  const input = new Tensor('uint8', pixels, [1, MODEL_EDGE, MODEL_EDGE, 3]);
  const answer = await session.run({ input });
  const values = (name: string) => answer[name]?.data as Float32Array | undefined;
  return { probabilities: values('probabilities') ?? [], outlier: Number(values('outlier_score')?.[0]) };
}

/** Bins that hold about a tenth of the images each. */
function byTenths(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b);
  const edges = Array.from({ length: TENTHS - 1 }, (_, index) => {
    const at = Math.ceil(((index + 1) / TENTHS) * sorted.length) - 1;
    return Number((sorted[at] ?? 0).toPrecision(4));
  });
  return distributionOf([...new Set(edges)], values);
}
