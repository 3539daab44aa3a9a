import { expect, test } from 'vitest';
import { RadiographError } from '#common/errors.ts';
import type { Classifier } from '../domain/classifier.ts';
import { MAX_ATTEMPTS, MAX_DEATHS } from '../domain/job.ts';
import { answer, aWard, type QueuePlace, silence } from './workers.ts';

/** What workers do with jobs, whatever brings them. */
export function queueCases(openQueue: QueuePlace): void {
  test('every job is done once, by whichever worker', async () => {
    await using ward = await aWard(openQueue);
    const asked: string[] = [];
    const counting: Classifier = (radiograph, signal) => {
      asked.push(radiograph.id);
      return answer(radiograph, signal);
    };
    await using _first = await ward.worker(counting);
    await using _second = await ward.worker(counting);
    const ids = await ward.submit(60);
    expect(await ward.ends(ids)).toEqual(ids.map(() => 'SUCCEEDED'));
    expect(new Set(asked).size).toBe(60);
    expect(asked).toHaveLength(60);
  });

  test('the urgent ones come first', async () => {
    await using ward = await aWard(openQueue);
    const routine = await ward.submit(3);
    const stat = await ward.submit(2, { priority: 'STAT' });
    const urgent = await ward.submit(2, { priority: 'URGENT' });
    const order: string[] = [];
    await using _worker = await ward.worker((radiograph, signal) => {
      order.push(radiograph.id);
      return answer(radiograph, signal);
    });
    const wanted = [...stat, ...urgent, ...routine];
    await ward.ends(wanted);
    const jobs = await ward.ledger.jobs(wanted);
    expect(order).toEqual(wanted.map((id) => jobs.get(id)?.radiographId));
  });

  test('a fault that passes is tried again after a pause', async () => {
    await using ward = await aWard(openQueue);
    let asked = 0;
    await using _worker = await ward.worker((radiograph, signal) => {
      asked += 1;
      if (asked < 3) throw new RadiographError('MODEL_UNAVAILABLE', 'away');
      return answer(radiograph, signal);
    });
    const [id = ''] = await ward.submit(1);
    expect(await ward.ends([id])).toEqual(['SUCCEEDED']);
    expect(await ward.read(id)).toMatchObject({ attempts: 3, error: null });
  });

  test('a fault that lasts is not tried again', async () => {
    await using ward = await aWard(openQueue);
    await using _worker = await ward.worker(() => {
      throw new RadiographError('UNSUPPORTED_IMAGE', 'torn');
    });
    const [id = ''] = await ward.submit(1);
    expect(await ward.ends([id])).toEqual(['FAILED']);
    const error = { code: 'UNSUPPORTED_IMAGE', message: 'torn' };
    expect(await ward.read(id)).toMatchObject({ attempts: 1, error });
  });

  test('an outage costs no image its reading, unless the model was never there', async () => {
    await using ward = await aWard(openQueue);
    let isAway = true;
    const away: Classifier = (radiograph, signal) => {
      if (isAway) throw new RadiographError('MODEL_UNAVAILABLE', 'away');
      return answer(radiograph, signal);
    };
    const often = async () => {
      const [id = ''] = await ward.submit(1, { told: false });
      for (let i = 1; i < MAX_ATTEMPTS; i += 1) await ward.ledger.take('dead', 0, id);
      return id;
    };
    const early = await often();
    await using _worker = await ward.worker(away);
    ward.queue.add({ id: early, priority: 'ROUTINE' });
    expect(await ward.ends([early])).toEqual(['FAILED']);
    isAway = false;
    expect(await ward.ends(await ward.submit(1))).toEqual(['SUCCEEDED']);
    isAway = true;
    const id = await often();
    ward.queue.add({ id, priority: 'ROUTINE' });
    const error = { code: 'MODEL_UNAVAILABLE', message: 'away' };
    await expect.poll(() => ward.read(id), { timeout: 10_000 }).toMatchObject({ state: 'QUEUED', error });
  });

  test('the faults inside are counted, not the outages before them', async () => {
    await using ward = await aWard(openQueue);
    const [id = ''] = await ward.submit(1, { told: false });
    for (let i = 0; i < MAX_ATTEMPTS; i += 1) {
      await ward.ledger.take('dead', 1_000, id);
      await ward.ledger.fail(id, 'dead', { code: 'MODEL_UNAVAILABLE', message: 'away' }, 0);
    }
    let asked = 0;
    await using _worker = await ward.worker((radiograph, signal) => {
      asked += 1;
      if (asked === 1) throw new Error('broken');
      return answer(radiograph, signal);
    });
    ward.queue.add({ id, priority: 'ROUTINE' });
    expect(await ward.ends([id])).toEqual(['SUCCEEDED']);
    expect(await ward.read(id)).toMatchObject({ attempts: MAX_ATTEMPTS + 2, error: null });
  });

  test('a job over which its workers died again and again ends FAILED, an outage in between or not', async () => {
    await using ward = await aWard(openQueue);
    const [id = ''] = await ward.submit(1, { told: false });
    await ward.ledger.take('dead', 0, id);
    await ward.ledger.fail(id, 'dead', { code: 'MODEL_UNAVAILABLE', message: 'away' }, 0);
    for (let i = 0; i < MAX_DEATHS; i += 1) await ward.ledger.take('dead', 0, id);
    let asked = 0;
    await using _worker = await ward.worker((radiograph, signal) => {
      asked += 1;
      return answer(radiograph, signal);
    });
    ward.queue.add({ id, priority: 'ROUTINE' });
    expect(await ward.ends([id])).toEqual(['FAILED']);
    const error = { code: 'INTERNAL', message: 'Given up after too many attempts' };
    expect(await ward.read(id)).toMatchObject({ error, attempts: MAX_DEATHS + 2 });
    expect(asked).toBe(0);
  });

  test('cancelling ends a job that waits, and stops the work on one under way', async () => {
    await using ward = await aWard(openQueue);
    const [waiting = ''] = await ward.submit(1);
    await ward.cancel(waiting);
    expect(await ward.read(waiting)).toMatchObject({ state: 'CANCELLED', attempts: 0 });
    const model = silence();
    await using _worker = await ward.worker(model.classify);
    const [running = ''] = await ward.submit(1);
    await model.asked;
    await ward.cancel(running);
    await model.stopped;
    expect(await ward.ends([waiting, running])).toEqual(['CANCELLED', 'CANCELLED']);
    expect(await ward.read(running)).toMatchObject({ attempts: 1, error: null });
  });

  test('a worker that stops gives back what takes too long, and another one does it as a first attempt', async () => {
    await using ward = await aWard(openQueue);
    const model = silence();
    const [id = ''] = await ward.submit(1);
    {
      await using _stopping = await ward.worker(model.classify, 50);
      await model.asked;
    }
    expect(await ward.read(id)).toMatchObject({ state: 'QUEUED', attempts: 0, error: null });
    await using _next = await ward.worker(answer);
    expect(await ward.ends([id])).toEqual(['SUCCEEDED']);
    expect(await ward.read(id)).toMatchObject({ attempts: 1 });
  });

  test('a worker that stops finishes what it can', async () => {
    await using ward = await aWard(openQueue);
    const [id = ''] = await ward.submit(1);
    let begun: () => void = () => undefined;
    const began = new Promise<void>((resolve) => (begun = resolve));
    {
      await using _stopping = await ward.worker(async (radiograph, signal) => {
        begun();
        await new Promise((resolve) => setTimeout(resolve, 100));
        return answer(radiograph, signal);
      });
      await began;
    }
    expect(await ward.read(id)).toMatchObject({ state: 'SUCCEEDED', attempts: 1 });
  });

  test('a job of which the queue was never told is found', async () => {
    await using ward = await aWard(openQueue);
    await using _worker = await ward.worker(answer);
    const ids = await ward.submit(3, { told: false });
    expect(await ward.ends(ids)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
  });
}
