import DataLoader from 'dataloader';
import { RadiographError } from '#common/errors.ts';
import type { AssessedPatient, Context } from './context.ts';
import type { ClinicalStore } from './domain/clinical-store.ts';
import { featuresOf } from './domain/cohort.ts';
import type { IcuModel } from './domain/icu-model.ts';

/** One read and one assessment for all patients that an operation names. */
export function createContext(store: ClinicalStore, model: IcuModel): Context {
  let types: ReturnType<ClinicalStore['observationTypes']> | undefined;
  return {
    now: Date.now,
    store,
    observationTypes() {
      types ??= store.observationTypes();
      return types;
    },
    model,
    patients: new DataLoader(async (ids) => {
      const found = store.patients(ids);
      return ids.map((id) => found.get(id));
    }),
    observations: new DataLoader(
      async (keys) => {
        const most = Math.max(...keys.map(({ first }) => first));
        const found = store.observations(
          keys.map(({ id }) => id),
          most,
        );
        return keys.map(({ id, first }) => (found.get(id) ?? []).slice(0, first));
      },
      { cacheKeyFn: ({ id, first }) => `${id}|${first}` },
    ),
    risks: new DataLoader<string, AssessedPatient | undefined>(async (ids) => {
      const newest = store.newest(ids);
      const measured = ids.filter((id) => newest.has(id));
      const assessments = await model.assessKnown(
        measured.map((id) => ({ id, features: featuresOf(newest.get(id) ?? []) })),
      );
      const found = new Map(measured.map((id, i) => [id, assessments[i]]));
      return ids.map((id) => {
        const assessment = found.get(id);
        if (assessment === undefined || assessment instanceof RadiographError) return assessment;
        return { assessment, newest: newest.get(id) ?? [] };
      });
    }),
  };
}
