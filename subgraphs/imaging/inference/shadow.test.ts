import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Inference, ModelCard } from '../domain/classification.ts';
import { grey } from '../testing/predict-answers.ts';
import { inferenceMetrics } from './inference-metrics.ts';
import type { ModelCards } from './model-cards.ts';
import type { Pool } from './pool.ts';
import { shadowing } from './shadow.ts';

const inference = (...probabilities: number[]) => ({ probabilities }) as unknown as Inference;
const card = (...codes: string[]) => ({ labels: codes.map((code) => ({ code })) }) as unknown as ModelCard;

/** A shadow that answers with `beside`; undefined while the pools have work to do. */
function aShadow(beside: () => Promise<Inference> | undefined, model = card('A', 'B')) {
  const metrics = inferenceMetrics(new Registry());
  const cards = { card: async () => model } as unknown as ModelCards;
  const shadow = shadowing([{ inferBeside: beside } as unknown as Pool], cards, metrics);
  return {
    compare: (...own: number[]) =>
      shadow(grey(0), '2', { inference: inference(...own), model: card('A', 'B') }),
    async outcomes() {
      const { values } = await metrics.shadow.get();
      return Object.fromEntries(values.map(({ labels, value }) => [labels.outcome, value]));
    },
    async difference() {
      const { values } = await metrics.shadowDifference.get();
      return values.find(({ metricName }) => metricName === 'inference_shadow_difference_sum')?.value;
    },
  };
}

test('the same finding and another one are told apart, with the largest difference', async () => {
  const { compare, outcomes, difference } = aShadow(async () => inference(0.75, 0.25));
  await compare(1, 0);
  expect(await difference()).toBe(0.25);
  await compare(0.25, 0.75);
  expect(await outcomes()).toEqual({ same: 1, different: 1 });
});

test('labels are compared by their code, whatever their order and number', async () => {
  const { compare, outcomes, difference } = aShadow(
    async () => inference(0.25, 0.25, 0.5),
    card('C', 'B', 'A'),
  );
  await compare(0.75, 0.25);
  expect(await outcomes()).toEqual({ same: 1 });
  expect(await difference()).toBe(0.25);
});

test('under load it is dropped, and a fault of the shadow is only counted', async () => {
  const busy = aShadow(() => undefined);
  await busy.compare(1, 0);
  expect(await busy.outcomes()).toEqual({ dropped: 1 });
  const failing = aShadow(() => Promise.reject(new Error('no such version')));
  await failing.compare(1, 0);
  expect(await failing.outcomes()).toEqual({ failed: 1 });
});

test('one shadow at a time', async () => {
  const { promise, resolve } = Promise.withResolvers<Inference>();
  const { compare, outcomes } = aShadow(() => promise);
  const first = compare(1, 0);
  await compare(1, 0);
  resolve(inference(1, 0));
  await first;
  expect(await outcomes()).toEqual({ dropped: 1, same: 1 });
});
