import { expect, test } from 'vitest';
import { measureFailover } from './failover.ts';
import { haproxyServer } from './haproxy.ts';
import { missingFor } from './hospital.ts';
import { missed } from './target.ts';

const missing = [...missingFor('many machines'), ...(haproxyServer ? [] : ['haproxy'])];
if (missing.length > 0) console.warn(`SKIPPED: a gateway that ends, for want of ${missing.join(' and ')}`);

test.skipIf(missing.length > 0)(
  'behind HAProxy one of two gateways ends, and every subscriber sees the final state',
  { timeout: 180_000 },
  async () => {
    const findings = await measureFailover({ early: 30, late: 30 });
    expect(findings).toHaveLength(2);
    expect(findings.flatMap(missed)).toEqual([]);
  },
);
