import { RadiographError } from '#common/errors.ts';

const NAME = /^[a-z0-9_]{1,60}$/;

/** A training's name becomes part of a statement in some engines, so it is made of few characters.
 *  @throws RadiographError BAD_USER_INPUT */
export function checkTrainingName(name: string): void {
  if (NAME.test(name)) return;
  throw new RadiographError(
    'BAD_USER_INPUT',
    'Expected 1 to 60 of a-z, 0-9 and _ as the name of a training, got another text',
  );
}
