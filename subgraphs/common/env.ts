import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { tracingSettings } from './tracing-config.ts';

/** Reads settings once, at the start; one message names every bad one. Only an entry point hands in the environment.
 *  Each setting may stand in a file instead, whose path `<name>_FILE` gives: so secrets reach a container, where
 *  variables are for everybody to see who may inspect it.
 *  @throws Error that lists each faulty variable by name, without its value or path */
export function readSettings<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: NodeJS.ProcessEnv,
): z.output<z.ZodObject<Shape>> {
  // A variable set to nothing means "not set": compose files pass empty strings, and blanks would become port 0.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value && value.trim() !== ''));
  const faults: string[] = [];
  for (const name of Object.keys(shape)) {
    const path = given[`${name}_FILE`];
    if (path === undefined) continue;
    const isTwice = given[name] !== undefined;
    const content = isTwice ? undefined : contentOf(path);
    // An empty secret is one that was never filled in, not one that was left out.
    if (content) given[name] = content;
    else {
      const wanted = isTwice
        ? `expected ${name} or ${name}_FILE, got both`
        : 'expected a file with the setting in it';
      faults.push(`✖ ${wanted}\n  → at ${name}_FILE`);
    }
  }
  const read = z.object(shape).safeParse(given);
  if (!read.success) faults.push(z.prettifyError(read.error));
  if (!read.success || faults.length > 0) throw new Error(`Bad settings:\n${faults.join('\n')}`);
  return read.data;
}

/** Without the white space around it: editors end a file with a line break. */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** A TCP port; 0 lets the system choose one. */
export const portSetting = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);

/** The largest file that is taken, in MB. */
export const uploadSizeSetting = z.coerce.number().min(1).max(1024).default(64);

/** The base address of a server that a service asks; accounts have settings of their own. */
export const baseAddressSetting = z.string().refine((text) => {
  const url = URL.parse(text);
  const isPlain = url && url.username + url.password + url.search + url.hash === '';
  return isPlain && /^https?:$/.test(url.protocol);
}, 'expected http://… or https://… without an account, a query or a fragment');

/** Settings that every service reads. */
export const commonSettings = {
  DATA_DIR: z.string().default('./.radiograph'),
  /** The folder of keys, where it is not within the data folder. */
  KEYS_DIR: z.string().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** The address that a service listens on: loopback, so that nothing is open to the network unless said. */
  HOST: z.string().default('127.0.0.1'),
  ...tracingSettings,
  /** How long a service goes on answering after it was asked to stop, while `/readyz` says that it is leaving: what is
   *  in front of it needs a moment to see that. */
  DRAIN_DELAY_MS: z.coerce.number().int().min(0).max(60_000).default(0),
};
