import { expect, test } from 'vitest';
import { retryBudget } from './retry-budget.ts';

test('its reserve is spent first, then ten requests earn a retry', () => {
  const budget = retryBudget({ share: 0.1, reserve: 3 });
  expect([1, 2, 3, 4].map(() => budget.spend())).toEqual([true, true, true, false]);
  for (let i = 0; i < 9; i++) budget.earn();
  expect(budget.spend()).toBe(false);
  budget.earn();
  expect([budget.spend(), budget.spend()]).toEqual([true, false]);
});

test('it saves up no more than its reserve', () => {
  const budget = retryBudget({ share: 0.1, reserve: 2 });
  for (let i = 0; i < 1_000; i++) budget.earn();
  expect([1, 2, 3].map(() => budget.spend())).toEqual([true, true, false]);
});
