import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { IcuModel } from '../../domain/icu-model.ts';
import { refusal } from '../../testing/fake-iris.ts';
import { type FakePlace, fakeConfig, fakePlace } from '../../testing/fake-iris-place.ts';
import { irisEngine } from './iris-engine.ts';

const MINUTE = 60_000;

async function withClock(
  work: (it: FakePlace & { model: IcuModel; pass: (ms: number) => void }) => Promise<void>,
) {
  await using place = await fakePlace();
  let now = Date.now();
  await using model = irisEngine(
    fakeConfig(place.fake),
    new Registry(),
    pino({ level: 'silent' }),
    () => now,
  );
  const pass = (ms: number) => {
    now += ms;
  };
  await work({ ...place, model, pass });
}

const trainings = ({ fake }: FakePlace) => fake.requests.filter(({ sql }) => sql?.startsWith('TRAIN'));
const state = async (model: IcuModel, id: string) => (await model.training(id))?.state;
const ended = (model: IcuModel, id: string) => expect.poll(() => state(model, id)).not.toBe('RUNNING');

test('a training whose answer is lost goes on, is looked for by name and is never sent again', async () => {
  await withClock(async ({ model, ...place }) => {
    const cut = Promise.withResolvers<void>();
    place.fake.database.readsOfTraining = 0;
    place.fake.database.trainingEnds = cut.promise;
    place.fake.once(/^TRAIN/, async (usual, response) => {
      response.destroy();
      await usual();
      return undefined;
    });
    expect(await model.train('lost')).toMatchObject({ state: 'RUNNING' });
    expect(await state(model, 'lost')).toBe('RUNNING');
    expect(await model.train('lost')).toMatchObject({ state: 'RUNNING' });
    await expect(model.train('another')).rejects.toMatchObject({ code: 'OVERLOADED' });
    cut.resolve();
    await ended(model, 'lost');
    expect(await model.training('lost')).toMatchObject({
      state: 'SUCCEEDED',
      model: { version: 'IcuAdmission_lost' },
    });
    expect(trainings(place)).toHaveLength(1);
    expect(trainings(place)[0]?.sql).toBe(
      'TRAIN MODEL IcuAdmission AS IcuAdmission_lost FROM Icu.Training USING {"seed":42,"TrainMode":"TIME","MaxTime":5,"IsRegression":0}',
    );
  });
});

test.each([
  ['a gateway that gives up', { status: 504, body: '<html>Gateway Timeout</html>' }],
  ['a page of a proxy', { status: 200, body: '<html></html>' }],
])('so does one that ends for us with %s', async (_what, reply) => {
  await withClock(async ({ model, ...place }) => {
    place.fake.once(/^TRAIN/, async (usual) => {
      void usual();
      return reply;
    });
    await model.train('cut');
    await ended(model, 'cut');
    expect(await state(model, 'cut')).toBe('SUCCEEDED');
    expect(trainings(place)).toHaveLength(1);
  });
});

test('one that is not listed at first runs; one that never comes has failed after two minutes', async () => {
  await withClock(async ({ model, fake, pass }) => {
    const cut = Promise.withResolvers<void>();
    fake.once(/^TRAIN/, async (_usual, response) => {
      await cut.promise;
      response.destroy();
      return undefined;
    });
    const begun = model.train('never');
    await expect.poll(() => fake.requests.filter(({ sql }) => sql?.startsWith('TRAIN')).length).toBe(1);
    pass(4_000);
    expect(await begun).toMatchObject({ state: 'RUNNING' });
    pass(5 * MINUTE);
    expect(await state(model, 'never')).toBe('RUNNING');
    cut.resolve();
    await ended(model, 'never');
    expect(await model.training('never')).toMatchObject({
      state: 'FAILED',
      model: null,
      error: expect.stringMatching(/no training/),
    });
    // It may be begun anew under another name.
    expect(await model.train('next')).toMatchObject({ state: 'RUNNING' });
    await ended(model, 'next');
    expect(await state(model, 'next')).toBe('SUCCEEDED');
  });
});

test.each([
  ['SQLCODE: -186 Message: Secret provider', /provider \(SQLCODE -186\)/],
  ['SQLCODE: -185 Message: Secret column', /SQLCODE -185/],
  ['SQLCODE: -99 Message: User secret is not privileged', /account/],
])('a refusal is told in words of our own: %s', async (text, words) => {
  await withClock(async ({ model, fake }) => {
    fake.once(/^TRAIN/, async () => refusal(text));
    await model.train('refused');
    await ended(model, 'refused');
    const training = await model.training('refused');
    expect(training).toMatchObject({ state: 'FAILED', model: null, error: expect.stringMatching(words) });
    expect(training?.error).not.toMatch(/secret/i);
  });
});

test('a run that IRIS has listed for longer than half an hour was cut off, and holds up no other', async () => {
  await withClock(async ({ model, fake }) => {
    const run = (name: string, status: string, age: number) =>
      fake.database.execute('INSERT INTO INFORMATION_SCHEMA.ML_TRAINING_RUNS VALUES (?, ?, ?, ?)', [
        ...[
          'IcuAdmission',
          `ICUADMISSION_${name}`,
          new Date(Date.now() - age).toISOString().slice(0, -1).replace('T', ' '),
          status,
        ],
      ]);
    await run('ABANDONED', 'training', 31 * MINUTE);
    await run('CANCELLED', 'Canceled', MINUTE);
    await run('BROKEN', 'failed', MINUTE);
    expect(await model.training('abandoned')).toMatchObject({
      state: 'FAILED',
      error: expect.stringMatching(/in time/),
    });
    expect(await model.training('cancelled')).toMatchObject({ state: 'FAILED' });
    expect(await model.training('broken')).toMatchObject({ state: 'FAILED' });
    expect(await model.train('fresh')).toMatchObject({ state: 'RUNNING' });
    await run('OF_OTHERS', 'training', MINUTE);
    await ended(model, 'fresh');
    // Another process over the same IRIS trains.
    await expect(model.train('again')).rejects.toMatchObject({ code: 'OVERLOADED' });
  });
});

test('a training that lasts holds up no assessment and gives its session back', async () => {
  await withClock(async ({ model, fake, patients }) => {
    const cut = Promise.withResolvers<void>();
    fake.database.trainingEnds = cut.promise;
    await model.train('long');
    expect(await model.assessKnown(patients)).toHaveLength(200);
    expect(fake.sessions.most).toBe(3);
    cut.resolve();
    await ended(model, 'long');
    await expect.poll(() => fake.sessions.held).toBe(2);
  });
});

test('when IRIS cannot be asked whether a run is listed, it was begun all the same', async () => {
  await withClock(async ({ model, ...place }) => {
    const cut = Promise.withResolvers<void>();
    place.fake.database.trainingEnds = cut.promise;
    place.fake.once(/^TRAIN/, async (usual) => {
      place.fake.once(/ML_TRAINING_RUNS/, async () => ({ status: 502, body: '' }));
      return usual();
    });
    expect(await model.train('sent')).toMatchObject({ id: 'sent', state: 'RUNNING' });
    cut.resolve();
    await ended(model, 'sent');
    expect(await state(model, 'sent')).toBe('SUCCEEDED');
    expect(trainings(place)).toHaveLength(1);
  });
});
