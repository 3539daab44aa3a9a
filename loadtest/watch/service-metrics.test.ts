import { expect, test } from 'vitest';
import { growth, histograms, samplesOf } from './service-metrics.ts';

const page = (one: number, two: number, four: number, more: number) => `# HELP batch_size Images
# TYPE batch_size histogram
batch_size_bucket{le="1",service="s",pool="a"} ${one}
batch_size_bucket{le="2",service="s",pool="a"} ${two}
batch_size_bucket{le="4",service="s",pool="a"} ${four}
batch_size_bucket{le="+Inf",service="s",pool="a"} ${more}
batch_size_sum{service="s",pool="a"} ${more * 2}
batch_size_count{service="s",pool="a"} ${more}
batch_size_bucket{le="1",service="s",pool="b"} 1
batch_size_bucket{le="+Inf",service="s",pool="b"} 1
batch_size_sum{service="s",pool="b"} 1
lookups_total{outcome="hit, \\"really\\"",service="s"} ${more}
up 1
`;

test('a histogram between two pages has the counts of each bucket alone', () => {
  const before = new Map([['s', samplesOf(page(1, 2, 3, 3))]]);
  const after = new Map([['s', samplesOf(page(2, 6, 10, 11))]]);
  expect(histograms(before, after)).toEqual([
    { service: 's', name: 'batch_size', bounds: [1, 2, 4, Infinity], counts: [1, 3, 3, 1], sum: 16 },
  ]);
  expect(histograms(after, after)).toEqual([]);
});

test('a process that was started again counts from zero', () => {
  const at = (start: number) =>
    samplesOf(`${page(2, 6, 10, 11)}process_start_time_seconds{service="s"} ${start}\n`);
  expect(growth(at(1), at(2), 'batch_size_count', 'pool').get('a')).toBe(11);
  expect(growth(at(1), at(1), 'batch_size_count', 'pool').get('a')).toBeUndefined();
});

test('counters grow by their labels; a service without a page before began at zero', () => {
  const after = samplesOf(page(2, 6, 10, 11));
  expect(growth(undefined, after, 'lookups_total', 'outcome')).toEqual(new Map([['hit, \\"really\\"', 11]]));
  expect(growth(undefined, after, 'batch_size_count', 'pool')).toEqual(new Map([['a', 11]]));
  expect(growth(after, after, 'up')).toEqual(new Map());
});
