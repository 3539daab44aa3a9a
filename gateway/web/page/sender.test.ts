import { expect, test } from 'vitest';
import type { Fault } from './fault.ts';
import type { Job } from './job-operations.ts';
import { sender } from './sender.ts';
import { store } from './store.ts';
import type { Sent } from './upload-request.ts';
import type { Worklist } from './worklist.ts';

const ROUTINE = { patientId: null, priority: 'ROUTINE' } as const;
const BUSY: Fault = { code: 'OVERLOADED', message: 'Busy', retryAfterSeconds: 7 };
const files = (count: number) => Array.from({ length: count }, (_, i) => new File(['x'], `file-${i}`));
const read: Job = {
  ...{ state: 'SUCCEEDED', progress: 1, error: null },
  radiograph: {
    id: 'r',
    classification: {
      ...{ decision: 'NEGATIVE', indeterminateReason: null, threshold: 0.5 },
      finding: { code: 'NORMAL', display: 'Normal', probability: 0.9 },
    },
  },
};

/** A server whose answers the test gives one by one, in the order in which they were asked for. */
function desk() {
  const list = store<Worklist>([]);
  const sent: { name: string; key: string; answer(sent: Sent): Promise<void>; signal: AbortSignal }[] = [];
  const followed = new Map<string, { job(job: Job): void; fault(fault: Fault): void }>();
  const cancelled: string[] = [];
  const slept: number[] = [];
  const sending = sender({
    list,
    send: ({ file, idempotencyKey: key }, _progress, signal) =>
      new Promise((resolve) => {
        const answer = async (value: Sent) => {
          resolve(value);
          await new Promise<void>((done) => setTimeout(done));
        };
        sent.push({ name: file.name, key, answer, signal });
      }),
    follow(id, heard) {
      followed.set(id, heard);
      return () => {};
    },
    async cancelJob(id) {
      cancelled.push(id);
      return undefined;
    },
    async sleep(ms) {
      slept.push(ms);
    },
  });
  const stages = () => list.get().map(({ stage }) => stage.at);
  return { list, sent, followed, cancelled, slept, sending, stages };
}

test('files are sent in their order, three at a time, and no more than fifty are under way', async () => {
  const { sending, sent, followed, stages } = desk();
  sending.add(files(60), ROUTINE);
  expect(sent.map(({ name }) => name)).toEqual(['file-0', 'file-1', 'file-2']);
  for (let i = 0; i < 50; i += 1) await sent[i]?.answer({ jobId: `job-${i}` });
  expect(sent.map(({ name }) => name)).toEqual(files(50).map(({ name }) => name));
  followed.get('job-3')?.job(read);
  expect(sent).toHaveLength(51);
  expect(stages().filter((at) => at === 'read')).toHaveLength(1);
});

test('a busy server is asked again when it says so, and a file that it cannot read is not', async () => {
  const { sending, sent, slept, stages } = desk();
  sending.add(files(2), ROUTINE);
  await sent[0]?.answer({ fault: BUSY });
  await sent[1]?.answer({ fault: { code: 'UNSUPPORTED_IMAGE', message: 'No' } });
  expect(slept).toEqual([7_000]);
  expect(sent.map(({ name }) => name)).toEqual(['file-0', 'file-1', 'file-0']);
  expect(stages()).toEqual(['sending', 'failed']);
});

test('a file keeps its key while it is sent again, and gets another one when its job has failed', async () => {
  const { sending, sent, followed } = desk();
  sending.add(files(2), ROUTINE);
  await sent[0]?.answer({ fault: BUSY });
  await sent[2]?.answer({ jobId: 'job' });
  followed.get('job')?.job({ ...read, state: 'FAILED', error: { code: 'INTERNAL', message: 'No' } });
  sending.retry(1);
  const [first, other, again, anew] = sent.map(({ key }) => key);
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(again).toBe(first);
  expect(new Set([first, other, anew]).size).toBe(3);
});

test('it gives up some time, and tries again when it is told to', async () => {
  const { sending, sent, stages } = desk();
  sending.add(files(1), ROUTINE);
  for (let i = 0; i < 15; i += 1) await sent[i]?.answer({ fault: BUSY });
  expect(stages()).toEqual(['failed']);
  sending.retry(1);
  await sent[15]?.answer({ jobId: 'job' });
  expect(stages()).toEqual(['underway']);
});

test('what is cancelled before it is sent is never sent; a job that came of it all the same is taken back', async () => {
  const { sending, sent, cancelled, stages } = desk();
  sending.add(files(5), ROUTINE);
  await sending.cancel(5);
  await sending.cancel(1);
  expect(sent[0]?.signal.aborted).toBe(true);
  await sent[0]?.answer({ jobId: 'too late' });
  expect(cancelled).toEqual(['too late']);
  expect(stages()).toEqual(['cancelled', 'sending', 'sending', 'sending', 'cancelled']);
});

test('a job under way is cancelled at the server, whose stream says how it ended', async () => {
  const { sending, sent, followed, cancelled, stages } = desk();
  sending.add(files(1), ROUTINE);
  await sent[0]?.answer({ jobId: 'job' });
  await sending.cancel(1);
  expect([cancelled, stages()]).toEqual([['job'], ['underway']]);
  followed.get('job')?.job({ ...read, state: 'CANCELLED' });
  expect(stages()).toEqual(['cancelled']);
});

test('a job that was lost sight of is followed again, one that failed is sent anew', async () => {
  const { sending, sent, followed, stages } = desk();
  sending.add(files(1), ROUTINE);
  await sent[0]?.answer({ jobId: 'job' });
  followed.get('job')?.fault({ code: 'UNAUTHENTICATED', message: 'The token has run out' });
  sending.retry(1);
  expect([sent.length, stages()]).toEqual([1, ['underway']]);
  followed
    .get('job')
    ?.job({ ...read, state: 'FAILED', error: { code: 'MODEL_UNAVAILABLE', message: 'Away' } });
  sending.retry(1);
  expect(sent.length).toBe(2);
  sending.clear();
  expect(stages()).toEqual(['sending']);
});
