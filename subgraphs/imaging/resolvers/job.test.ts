import { expect, test } from 'vitest';
import { ANONYMOUS } from '#common/caller.ts';
import { type Context, createContext } from '../context.ts';
import { jobBell } from '../domain/job-changes.ts';
import { aRadiograph } from '../stores/ledger-cases.ts';
import { openSqliteLedger } from '../stores/sqlite-ledger.ts';
import { aFolder } from '../testing/system.ts';
import { jobResolvers } from './job.ts';

const classify = jobResolvers.Mutation?.radiographClassify as unknown as (
  parent: object,
  args: { input: { file: string } },
  context: Context,
) => Promise<object>;

/** Classifies over a real ledger that no worker serves; `signal` is the caller's. */
async function classifyUnder(signal: AbortSignal, atIntake: () => void = () => undefined) {
  await using folder = await aFolder();
  await using ledger = openSqliteLedger(folder.path);
  const services = {
    models: async () => [],
    engineOf: () => '',
    linkTo: () => '',
    importStudy: async () => undefined,
    storeResult: () => Promise.reject(new Error('Nothing is stored here')),
    cancel: async () => undefined,
    deleteRadiograph: async () => undefined,
  };
  const context = createContext(
    {
      ...{ ...services, ledger, bell: jobBell() },
      async intake() {
        atIntake();
        return ledger.submit(aRadiograph(), 'alice');
      },
    },
    { requestId: 'r1', signal, caller: ANONYMOUS },
  );
  const refusal = await classify({}, { input: { file: 'claim' } }, context).catch((error: unknown) => error);
  return { refusal, waiting: await ledger.waiting() };
}

test('a caller whose time was up before the job was queued is not kept, and the job goes on', async () => {
  const { refusal, waiting } = await classifyUnder(AbortSignal.abort());
  expect(refusal).toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    message: expect.stringContaining('its job goes on'),
  });
  expect(waiting).toBe(1);
});

test('a caller whose time ends while the file is taken is not kept either', async () => {
  const caller = new AbortController();
  const { refusal, waiting } = await classifyUnder(caller.signal, () => caller.abort());
  expect(refusal).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(waiting).toBe(1);
});

test('a caller who leaves while the job waits ends the wait, not the job', async () => {
  const caller = new AbortController();
  const { refusal, waiting } = await classifyUnder(caller.signal, () => setImmediate(() => caller.abort()));
  expect(refusal).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(waiting).toBe(1);
});
