import { createHash } from 'node:crypto';

/** A version that is tried on a share of the images, from 0 to 1. */
export type ModelTrial = { readonly version: string; readonly share: number };
export type ModelTrials = { readonly canary?: ModelTrial; readonly shadow?: ModelTrial };

/** Who is to look at an image. Without a `main` version the latest is asked. */
export type ModelRoute = {
  readonly main: string | undefined;
  /** Answers in place of `main`. */
  readonly canary: string | undefined;
  /** Is asked as well, and compared with `main`. */
  readonly shadow: string | undefined;
};

/** The main version is the highest that is on no trial. A trial of a version that is not served waits for it.
 *  @param available the versions that are served, highest first
 *  @param address content address of the image: an image keeps its versions */
export function modelRoute(
  { canary, shadow }: ModelTrials,
  available: readonly string[],
  address: string,
): ModelRoute {
  const tried = [canary?.version, shadow?.version];
  const main = available.find((version) => !tried.includes(version)) ?? available[0];
  const chosen = (trial: ModelTrial | undefined) =>
    trial &&
    trial.version !== main &&
    available.includes(trial.version) &&
    position(trial, address) < trial.share
      ? trial.version
      : undefined;
  const answering = chosen(canary);
  return { main, canary: answering, shadow: answering === undefined ? chosen(shadow) : undefined };
}

/** Where an image stands among all, in [0, 1): another place for each version, so that trials do not share images. */
function position({ version }: ModelTrial, address: string): number {
  return createHash('sha256').update(`${version}:${address}`).digest().readUInt32BE() / 2 ** 32;
}
