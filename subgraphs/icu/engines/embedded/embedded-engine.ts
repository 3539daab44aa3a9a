import type { Logger } from 'pino';
import { RadiographError } from '#common/errors.ts';
import type { Features, IcuModel, IcuTraining } from '../../domain/icu-model.ts';
import type { ObservationType } from '../../domain/observation-types.ts';
import { checkTrainingName } from '../../domain/training-name.ts';
import type { StoredTraining, TrainingStore } from '../../domain/training-store.ts';
import { assess, type KeptModel, modelFor } from './assessment.ts';
import { type TrainedModel, TrainingRefused } from './training.ts';
import { trainInThread } from './training-thread.ts';

export type EmbeddedEngineOptions = {
  readonly store: TrainingStore<TrainedModel>;
  readonly types: () => ReadonlyMap<string, ObservationType>;
  readonly logger: Logger;
};

const SEED = 7;
const INTERRUPTED = 'The training was interrupted: the service ended before it was done';
const FAULT = 'The training failed for a reason that is in the log';

/** The engine that needs nothing else: a logistic regression, trained here on the cohort of the ledger. Trainings that
 *  an earlier process has left unfinished are FAILED; without any model the first one is trained before it opens. */
export async function openEmbeddedEngine({ store, types, logger }: EmbeddedEngineOptions): Promise<IcuModel> {
  const closing = new AbortController();
  const loaded = new Map<number, KeptModel>();
  let running:
    | { readonly id: string; readonly begun: Promise<void>; readonly done: Promise<void> }
    | undefined;

  const trained = () => trainInThread({ cases: store.cases(), types: types(), seed: SEED }, closing.signal);
  const kept = (number: number): KeptModel => {
    const found = loaded.get(number) ?? keptModel(number, store.model(number));
    loaded.set(number, found);
    return found;
  };
  const newestFirst = () => store.versions().map(kept).reverse();
  const toTraining = ({ id, state, version, error }: StoredTraining): IcuTraining => ({
    id,
    // What runs in no thread has lost its end, on a full disk for example.
    ...(state === 'RUNNING' && running?.id !== id ? { state: 'FAILED', error: FAULT } : { state, error }),
    model: version === null ? null : kept(version).version,
  });
  const run = async (id: string) => {
    try {
      const version = await store.keep(await trained(), id);
      logger.info({ version, ...kept(version).trained.metrics }, 'ICU model is trained');
    } catch (error) {
      if (closing.signal.aborted) return;
      if (!(error instanceof TrainingRefused)) logger.error({ err: error }, 'ICU training failed');
      await store.fail(id, error instanceof TrainingRefused ? error.message : FAULT);
    }
  };
  const begin = (id: string) => {
    const begun = store.begin(id);
    const done = begun
      .then(
        () => run(id),
        // Whoever asked for it is told.
        () => undefined,
      )
      .catch((error: unknown) => logger.error({ err: error }, 'the end of an ICU training was not stored'))
      .finally(() => {
        running = undefined;
      });
    return { id, begun, done };
  };

  store.failAll(INTERRUPTED);
  if (store.versions().length === 0) await store.keep(await trained());
  return {
    versions: async () => newestFirst().map(({ version }) => version),
    async assessKnown(patients) {
      const models = newestFirst();
      return patients.map(({ features }) => {
        const model = modelFor(features, models);
        return model ? assess(features, model) : null;
      });
    },
    async assessUnknown(features: Features) {
      const model = modelFor(features, newestFirst());
      if (model) return assess(features, model);
      throw new RadiographError('ICU_UNAVAILABLE', 'No ICU model has learned from observations like these');
    },
    async patientChanged() {},
    async train(id) {
      checkTrainingName(id);
      const there = store.training(id);
      if (there) return toTraining(there);
      if (running && running.id !== id)
        throw new RadiographError('OVERLOADED', 'Another training of the ICU model runs');
      running ??= begin(id);
      await running.begun;
      return { id, state: 'RUNNING', model: null, error: null };
    },
    async training(id) {
      const there = store.training(id);
      return there ? toTraining(there) : null;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await running?.done;
      store.failAll(INTERRUPTED);
    },
  };
}

function keptModel(number: number, trained: TrainedModel): KeptModel {
  const version = {
    name: 'icu_admission',
    version: String(number),
    digest: trained.digest,
    engine: 'Embedded logistic regression',
    threshold: trained.threshold,
  };
  return { version, trained };
}
