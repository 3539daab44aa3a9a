import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { drawCharts } from './charts.ts';
import { startHospital } from './hospital.ts';
import { runRound } from './round.ts';
import { judge } from './verdict.ts';

test('a loss, a wrong result, an effect done twice and a broken trail are found', {
  timeout: 120_000,
}, async () => {
  const { images, expected, distance } = await drawCharts(4);
  expect(distance).toBeGreaterThan(1e-4);
  await using hospital = await startHospital('one machine');
  await hospital.ready();
  const { acknowledged } = await runRound(hospital, { images, torn: [], kills: 0, seed: 1 });
  const whole = { lost: 0, doubled: 0, wrong: 0, storedAgain: 0, isAuditWhole: true, faults: [] };
  expect(await judge(hospital, acknowledged, expected)).toMatchObject(whole);

  const unheard = new Map([...acknowledged].slice(1));
  expect(await judge(hospital, unheard, expected)).toMatchObject({ storedAgain: 1 });

  const forgotten = new Map([...acknowledged, ['never stored', 0]]);
  expect(await judge(hospital, forgotten, expected)).toMatchObject({
    ...whole,
    lost: 1,
    faults: [expect.stringContaining('not there')],
  });
  const [one, two, ...others] = expected;
  if (!one || !two) throw new Error('Expected two images');
  // Once as a client reads it, once in the ledger.
  expect(await judge(hospital, acknowledged, [two, one, ...others])).toMatchObject({ wrong: 4 });

  await using ledger = await hospital.ledger();
  const [job] = await ledger.jobs([...acknowledged.keys()]).then((jobs) => [...jobs.values()]);
  const again = {
    actor: 'worker',
    action: 'CLASSIFY',
    target: job?.radiographId ?? '',
    outcome: 'OK',
  } as const;
  await ledger.audit([again]);
  expect(await judge(hospital, acknowledged, expected)).toMatchObject({ doubled: 1, isAuditWhole: true });
  using db = new DatabaseSync(join(hospital.dataDir, 'imaging.sqlite'));
  db.exec("DROP TRIGGER audit_keeps_rows; UPDATE audit SET actor = 'mallory' WHERE sequence = 2");
  expect(await judge(hospital, acknowledged, expected)).toMatchObject({ isAuditWhole: false });
});
