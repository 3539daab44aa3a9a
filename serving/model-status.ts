import { status } from '@grpc/grpc-js';
import type { ModelRegistry, VersionChoice } from './model-registry.ts';
import { ServingError } from './serving-error.ts';

export type VersionStatus = {
  version: number;
  state: string;
  status: { error_code: number; error_message: string };
};

/** The states of a model's versions, as ModelService.GetModelStatus tells them; a label is ignored there.
 *  @throws ServingError NOT_FOUND */
export function modelStatus(
  registry: ModelRegistry,
  model: string,
  { version }: VersionChoice,
): VersionStatus[] {
  const all = registry.versions.filter((entry) => entry.model === model);
  if (all.length === 0) throw new ServingError('NOT_FOUND', `Could not find any versions of model ${model}`);
  const wanted = all.filter((entry) => version === undefined || entry.version === version);
  if (wanted.length === 0)
    throw new ServingError('NOT_FOUND', `Could not find version ${version} of model ${model}`);
  return wanted.map((entry) => ({
    version: entry.version,
    state: entry.state,
    status: {
      error_code: entry.failure ? status.UNKNOWN : status.OK,
      error_message: entry.failure?.message ?? '',
    },
  }));
}
