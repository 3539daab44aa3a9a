import { expect, test } from 'vitest';
import { metricNames } from './metric-names.ts';

test.each([
  ['up{job=~"gateway|imaging.*"} == 0', ['up']],
  ['sum by (le, kind) (rate(a_bucket{x="b_c{d"}[5m])) > 2.5', ['a_bucket']],
  ['histogram_quantile(0.99, sum(rate(a:b_total[$__rate_interval])))', ['a:b_total']],
  ['(count(up{job="gateway"} == 1) or vector(0)) == 0', ['up']],
  ['a / on (x) group_left b and on(y) c >= 200', ['a', 'b', 'c']],
  ['max by (x)(a - on (x) max by (x) (b)) * ln(1e3)', ['a', 'b']],
])('%s reads %j', (expr, names) => {
  expect(metricNames(expr)).toEqual(names);
});
