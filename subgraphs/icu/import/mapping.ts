import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { RadiographError } from '#common/errors.ts';
import { type Mapping, type MappingInput, mappingFormat } from './mapping-format.ts';
import { SIRIO_LIBANES } from './sirio-libanes.ts';

const BUILT_IN: ReadonlyMap<string, MappingInput> = new Map([['sirio-libanes', SIRIO_LIBANES]]);

/** A mapping that is built in, by its name, or one of a JSON file. @throws RadiographError BAD_USER_INPUT */
export async function openMapping(nameOrPath: string): Promise<Mapping> {
  const read = mappingFormat.safeParse(BUILT_IN.get(nameOrPath) ?? (await jsonOf(nameOrPath)));
  if (read.success) return read.data;
  throw new RadiographError('BAD_USER_INPUT', `The mapping is faulty:\n${z.prettifyError(read.error)}`);
}

async function jsonOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'a text that is no JSON' : 'no file that can be read';
    const known = [...BUILT_IN.keys()].join(', ');
    throw new RadiographError(
      'BAD_USER_INPUT',
      `Expected a mapping's JSON file or one of: ${known}; got ${reason}`,
    );
  }
}
