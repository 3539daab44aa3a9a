import { z } from 'zod';
import { tracingSettings } from './tracing-config.ts';

/** Reads settings once, at the start; one message names every bad one. Only an entry point hands in the environment.
 *  @throws Error that lists each faulty variable by name */
export function readSettings<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: NodeJS.ProcessEnv,
): z.output<z.ZodObject<Shape>> {
  // A variable set to nothing means "not set": compose files pass empty strings, and blanks would become port 0.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim() !== ''));
  const read = z.object(shape).safeParse(given);
  if (!read.success) throw new Error(`Bad settings:\n${z.prettifyError(read.error)}`);
  return read.data;
}

/** A TCP port; 0 lets the system choose one. */
export const portSetting = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);

/** Settings that every service reads. */
export const commonSettings = {
  DATA_DIR: z.string().default('./.radiograph'),
  /** The folder of keys, where it is not within the data folder. */
  KEYS_DIR: z.string().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** The address that a service listens on: loopback, so that nothing is open to the network unless said. */
  HOST: z.string().default('127.0.0.1'),
  ...tracingSettings,
};
