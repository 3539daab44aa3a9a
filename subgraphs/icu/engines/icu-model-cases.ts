import { expect, test } from 'vitest';
import type { IcuAssessment, IcuModel, KnownPatient } from '../domain/icu-model.ts';

/** What an engine leaves behind and finds again, with a model that is trained and a cohort to train on. */
export type IcuModelPlace = AsyncDisposable & {
  /** The engine over it; closed and opened again, it finds everything there. */
  open(): Promise<IcuModel>;
  /** Ten or more whose observations are stored there, in the codes of the synthetic cohort. */
  readonly patients: readonly KnownPatient[];
};

const TRAINING_MS = 20_000;

async function opened(place: () => IcuModelPlace | Promise<IcuModelPlace>) {
  const there = await place();
  const model = await there.open();
  return {
    model,
    patients: there.patients,
    /** Closes the engine and opens it over what it has left. */
    async again() {
      await model[Symbol.asyncDispose]();
      return there.open();
    },
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
    },
  };
}

const ended = async (model: IcuModel, id: string) => {
  const state = async () => (await model.training(id))?.state;
  await expect.poll(state, { timeout: TRAINING_MS, interval: 20 }).not.toBe('RUNNING');
  return model.training(id);
};

/** The engine knows all of them. */
const assessed = async (model: IcuModel, patients: readonly KnownPatient[]): Promise<IcuAssessment[]> => {
  const assessments = await model.assessKnown(patients);
  return assessments.map((one) =>
    one && 'probability' in one ? one : expect.unreachable('a patient got no assessment'),
  );
};

const spo2 = (value: number, { id, features }: KnownPatient): KnownPatient => ({
  id,
  features: new Map([...features, ['spo2', value]]),
});

/** What any engine does for those who ask it. */
export function icuAssessmentCases(place: () => IcuModelPlace | Promise<IcuModelPlace>): void {
  test('every patient is assessed, in order, by the version that stands first', async () => {
    await using it = await opened(place);
    const [version] = await it.model.versions();
    expect(version).toMatchObject({
      name: expect.stringMatching(/./),
      version: expect.stringMatching(/./),
      engine: expect.stringMatching(/./),
    });
    expect(version?.threshold).toBeGreaterThan(0);
    expect(version?.threshold).toBeLessThan(1);
    const assessments = await assessed(it.model, it.patients);
    expect(assessments).toHaveLength(it.patients.length);
    for (const { probability, model } of assessments) {
      expect(probability).toBeGreaterThanOrEqual(0);
      expect(probability).toBeLessThanOrEqual(1);
      expect(model).toEqual(version);
    }
    expect(new Set(assessments.map(({ probability }) => probability)).size).toBeGreaterThan(1);
    const reversed = await assessed(it.model, it.patients.toReversed());
    expect(reversed).toEqual(assessments.toReversed());
  });

  test('nobody gives nothing, and one who is named twice is answered twice', async () => {
    await using it = await opened(place);
    expect(await assessed(it.model, [])).toEqual([]);
    const [first, second] = it.patients.slice(0, 2);
    if (!first || !second) throw new Error('Expected ten patients or more');
    const [once, other, twice] = await assessed(it.model, [first, second, first]);
    expect(twice).toEqual(once);
    expect(other).toEqual((await assessed(it.model, [second]))[0]);
  });

  test('two hundred who are asked for at once are all answered', async () => {
    await using it = await opened(place);
    const [expected] = await assessed(it.model, it.patients.slice(0, 1));
    const many = Array.from({ length: 200 }, () => assessed(it.model, it.patients.slice(0, 1)));
    for (const answer of await Promise.all(many)) expect(answer).toEqual([expected]);
  });

  test('reasons come strongest first, with the value that was given', async () => {
    await using it = await opened(place);
    const assessments = await assessed(it.model, it.patients);
    for (const [i, { reasons }] of assessments.entries()) {
      const strengths = reasons.map(({ contribution }) => Math.abs(contribution));
      expect(strengths).toEqual(strengths.toSorted((a, b) => b - a));
      for (const { code, value } of reasons) expect(value).toBe(it.patients[i]?.features.get(code) ?? null);
    }
  });

  test('values that are not kept are assessed as those of a patient are', async () => {
    await using it = await opened(place);
    const [patient] = it.patients;
    if (!patient) throw new Error('Expected ten patients or more');
    const [known] = await assessed(it.model, [patient]);
    const unknown = await it.model.assessUnknown(patient.features);
    expect(unknown.probability).toBeCloseTo(known?.probability ?? Number.NaN, 6);
    expect(unknown.model).toEqual(known?.model);
    // A single value, and none, are enough: the rest counts as not measured.
    for (const features of [new Map([['spo2', 90]]), new Map()]) {
      const { probability } = await it.model.assessUnknown(features);
      expect(probability).toBeGreaterThanOrEqual(0);
      expect(probability).toBeLessThanOrEqual(1);
    }
    expect(await assessed(it.model, [patient])).toEqual([known]);
  });

  test('values of which the model knows none give no probability', async () => {
    await using it = await opened(place);
    const features = new Map([['no_such_code', 1]]);
    await expect(it.model.assessUnknown(features)).rejects.toMatchObject({ code: 'ICU_UNAVAILABLE' });
  });

  test('once a patient has changed, the new values are what is assessed', async () => {
    await using it = await opened(place);
    const [patient] = it.patients;
    if (!patient) throw new Error('Expected ten patients or more');
    const after = async (changed: KnownPatient) => {
      await it.model.patientChanged(changed);
      const [assessment] = await assessed(it.model, [changed]);
      return assessment?.probability ?? Number.NaN;
    };
    const well = await after(spo2(99, patient));
    const ill = await after(spo2(55, patient));
    expect(ill).toBeGreaterThan(well);
    expect(await after(spo2(99, patient))).toBeCloseTo(well, 9);
  });
}

/** What any engine does when it is to learn. */
export function icuTrainingCases(place: () => IcuModelPlace | Promise<IcuModelPlace>): void {
  test('a training ends in a new version, which answers from then on; the others stay', async () => {
    await using it = await opened(place);
    const before = await it.model.versions();
    const begun = await it.model.train('the_second');
    expect(begun).toMatchObject({ id: 'the_second', error: null });
    expect(begun.state).not.toBe('FAILED');
    const done = await ended(it.model, 'the_second');
    const [newest, ...others] = await it.model.versions();
    expect(done).toEqual({ id: 'the_second', state: 'SUCCEEDED', model: newest, error: null });
    expect(others).toEqual(before);
    expect(before.map(({ version }) => version)).not.toContain(newest?.version);
    for (const { model } of await assessed(it.model, it.patients)) expect(model).toEqual(newest);
  });

  test('patients are answered while a training runs', async () => {
    await using it = await opened(place);
    await it.model.train('at_work');
    for (const assessment of await assessed(it.model, it.patients))
      expect(assessment.probability).toBeGreaterThanOrEqual(0);
    expect(await ended(it.model, 'at_work')).toMatchObject({ state: 'SUCCEEDED' });
  });

  test('the same name again starts nothing new, while it runs and after', async () => {
    await using it = await opened(place);
    const before = (await it.model.versions()).length;
    const begun = await Promise.all([it.model.train('once'), it.model.train('once'), it.model.train('once')]);
    expect(begun.map(({ id }) => id)).toEqual(['once', 'once', 'once']);
    const done = await ended(it.model, 'once');
    expect(await it.model.train('once')).toEqual(done);
    expect(await it.model.versions()).toHaveLength(before + 1);
  });

  test('of two that are begun at once one runs, and the other is told so', async () => {
    await using it = await opened(place);
    const both = await Promise.allSettled([it.model.train('a_first'), it.model.train('b_second')]);
    const refused = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toMatchObject([{ code: 'OVERLOADED' }]);
    const [running, other] =
      both[0]?.status === 'fulfilled' ? ['a_first', 'b_second'] : ['b_second', 'a_first'];
    expect(await it.model.training(other ?? '')).toBeNull();
    expect(await ended(it.model, running ?? '')).toMatchObject({ state: 'SUCCEEDED' });
    await it.model.train(other ?? '');
    expect(await ended(it.model, other ?? '')).toMatchObject({ state: 'SUCCEEDED' });
  });

  test('what is no name is refused, begins nothing and finds nothing', async () => {
    await using it = await opened(place);
    const before = await it.model.versions();
    for (const name of [
      '',
      'a'.repeat(61),
      'Two Words',
      "x'; DROP TABLE patient; --",
      'a-b',
      '1 OR 1=1',
      'ä',
    ]) {
      await expect(it.model.train(name), name).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(await it.model.training(name), name).toBeNull();
    }
    expect(await it.model.training('never_begun')).toBeNull();
    expect(await it.model.versions()).toEqual(before);
  });

  test('versions, trainings and answers are the same after a restart', async () => {
    await using it = await opened(place);
    await it.model.train('kept');
    const done = await ended(it.model, 'kept');
    const versions = await it.model.versions();
    const answers = await assessed(it.model, it.patients);
    await using model = await it.again();
    expect(await model.versions()).toEqual(versions);
    expect(await model.training('kept')).toEqual(done);
    expect(await assessed(model, it.patients)).toEqual(answers);
    expect(await model.train('kept')).toEqual(done);
    expect(await model.versions()).toEqual(versions);
  });

  test('one that is cut off by the end of the process does not run for ever', async () => {
    await using it = await opened(place);
    const before = (await it.model.versions()).length;
    await it.model.train('cut_off');
    await using model = await it.again();
    const after = await ended(model, 'cut_off');
    const versions = await model.versions();
    if (after?.state === 'SUCCEEDED') expect(versions[0]).toEqual(after.model);
    else expect(after).toMatchObject({ state: 'FAILED', model: null, error: expect.stringMatching(/./) });
    expect(versions).toHaveLength(before + (after?.state === 'SUCCEEDED' ? 1 : 0));
    await model.train('the_next');
    expect(await ended(model, 'the_next')).toMatchObject({ state: 'SUCCEEDED' });
  });
}
