import { codeOf, RadiographError } from '#common/errors.ts';
import type { Context } from '../context.ts';
import { featuresOf } from '../domain/cohort.ts';
import { checkedObservations, type Fault } from '../domain/observation-check.ts';
import { observedSpan } from '../domain/observed-span.ts';
import type { StoredPatient } from '../domain/patient.ts';
import type { Resolvers } from '../generated/resolvers.ts';
import { DateTime } from './date-time.ts';
import { LARGEST_PAGE, within } from './page-size.ts';
import { toRisk } from './risk.ts';
import { icuModelTrain, icuModelTraining, icuModelVersions } from './training.ts';

const MOST_OBSERVATIONS = 500;

export const icuResolvers: Resolvers = {
  DateTime,

  Query: {
    patient: async (_parent, { id }, context) => (await context.patients.load(id)) ?? null,
    patients(_parent, { first, after }, context) {
      const size = within(first ?? 20, LARGEST_PAGE);
      const { patients, hasMore } = context.store.page(size, after == null ? 0 : numberOf(after));
      const edges = patients.map((node) => ({ cursor: cursorOf(node), node }));
      return {
        edges,
        nodes: [...patients],
        pageInfo: { hasNextPage: hasMore, endCursor: edges.at(-1)?.cursor ?? null },
      };
    },
    icuModelVersions,
    icuModelTraining,
    observationTypes: (_parent, _args, context) =>
      [...context.observationTypes().values()].map(
        ({ informative: _informative, scale: _scale, ...type }) => type,
      ),
  },

  Patient: {
    __resolveReference: async ({ id }, context) => (await context.patients.load(id)) ?? null,
    async observations({ id }, { first }, context) {
      const found = await context.observations.load({ id, first: within(first ?? 50, MOST_OBSERVATIONS) });
      return found.map(({ code, value, observedAt }) => {
        const { display = code, unit = '1' } = context.observationTypes().get(code) ?? {};
        return { code, display, value, unit, observedAt: new Date(observedAt).toISOString() };
      });
    },
    async icuRisk({ id }, _args, context) {
      const assessed = await context.risks.load(id);
      if (!assessed) return null;
      const span = observedSpan(assessed.newest, context.observationTypes());
      if (assessed.assessment) return toRisk(assessed.assessment, span, context);
      throw new RadiographError('ICU_UNAVAILABLE', 'No ICU model has learned from observations like these');
    },
  },

  Mutation: {
    icuModelTrain,

    async observationRecord(_parent, { input }, context) {
      const patient = (await context.patients.load(input.patientId)) ?? null;
      if (!patient) {
        const message = 'There is no patient with this id';
        return { patient, userErrors: [{ code: 'NOT_FOUND', message, field: ['input', 'patientId'] }] };
      }
      const { faults, observations } = checkedObservations(
        input.observations,
        context.observationTypes(),
        context.now(),
      );
      if (faults.length > 0) return { patient: null, userErrors: userErrors(faults) };
      await context.store.record(patient.id, observations);
      await tellEngine(patient.id, context);
      // What an earlier mutation of the same operation has loaded is out of date now.
      context.risks.clear(patient.id);
      context.observations.clearAll();
      return { patient, userErrors: [] };
    },

    async icuRiskAssess(_parent, { input }, context) {
      const { faults, observations } = checkedObservations(
        input.observations,
        context.observationTypes(),
        context.now(),
      );
      if (faults.length > 0) return { icuRisk: null, userErrors: userErrors(faults) };
      const assessment = await context.model.assessUnknown(featuresOf(observations));
      return { icuRisk: toRisk(assessment, null, context), userErrors: [] };
    },
  },
};

/** The observations are stored by now, whether or not the engine can be told: an engine with rows of its own compares
 *  them with what it is asked about. */
async function tellEngine(id: string, { store, model }: Context): Promise<void> {
  const features = featuresOf(store.newest([id]).get(id) ?? []);
  await model.patientChanged({ id, features }).catch((error: unknown) => {
    if (codeOf(error) !== 'ICU_UNAVAILABLE') throw error;
  });
}

function userErrors(faults: readonly Fault[]) {
  return faults.map(({ message, field }) => ({ code: 'BAD_USER_INPUT', message, field: [...field] }));
}

function cursorOf({ number }: StoredPatient): string {
  return Buffer.from(`patient:${number}`).toString('base64url');
}

function numberOf(cursor: string): number {
  const [, digits] = /^patient:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new RadiographError(
    'BAD_USER_INPUT',
    'Expected a cursor of an earlier page as `after`, got another text',
  );
}
