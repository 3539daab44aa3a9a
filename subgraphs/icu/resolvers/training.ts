import { randomUUID } from 'node:crypto';
import { codeOf } from '#common/errors.ts';
import type { IcuTraining } from '../domain/icu-model.ts';
import type { IcuModelTraining, MutationResolvers, QueryResolvers } from '../generated/resolvers.ts';
import { LARGEST_PAGE, within } from './page-size.ts';
import { toModelVersion } from './risk.ts';

export const icuModelVersions: QueryResolvers['icuModelVersions'] = async (_parent, { first }, { model }) => {
  const size = within(first ?? 20, LARGEST_PAGE);
  return (await model.versions()).slice(0, size).map(toModelVersion);
};

export const icuModelTraining: QueryResolvers['icuModelTraining'] = async (_parent, { id }, { model }) => {
  const training = await model.training(id);
  return training && toTraining(training);
};

export const icuModelTrain: MutationResolvers['icuModelTrain'] = async (_parent, { input }, { model }) => {
  const id = input.name ?? `training_${randomUUID().replaceAll('-', '')}`;
  try {
    return { training: toTraining(await model.train(id)), userErrors: [] };
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'BAD_USER_INPUT' && code !== 'OVERLOADED') throw error;
    const field = code === 'BAD_USER_INPUT' ? ['input', 'name'] : null;
    return { training: null, userErrors: [{ code, message: (error as Error).message, field }] };
  }
};

function toTraining({ id, state, model, error }: IcuTraining): IcuModelTraining {
  return { id, state, model: model && toModelVersion(model), error };
}
