import { RadiographError } from './errors.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** Tells a full disk as what it is to the caller: a moment to come back later. Any other fault stays as it is. */
export function storageFault(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && FULL.has(code) ? storageFull(error) : error;
}

export function storageFull(cause: unknown): RadiographError {
  return new RadiographError('OVERLOADED', 'The storage is full; try again later', { cause });
}
