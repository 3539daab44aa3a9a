import { expect, test } from 'vitest';
import { syntheticCases } from '../../domain/synthetic-cohort.ts';
import { TrainingRefused } from './training.ts';
import { trainInThread } from './training-thread.ts';

const NEVER = new AbortController().signal;

test('too few to learn from is a refusal for people', async () => {
  const order = { cases: syntheticCases(5, 7), types: new Map(), seed: 7 };
  await expect(trainInThread(order, NEVER)).rejects.toThrow(TrainingRefused);
});

test('a fault of the training is none, so that it is logged and not told', async () => {
  const order = { cases: [undefined as never], types: new Map(), seed: 7 };
  const fault = await trainInThread(order, NEVER).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(Error);
  expect(fault).not.toBeInstanceOf(TrainingRefused);
});
