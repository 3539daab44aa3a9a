import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parse } from 'yaml';
import { program } from '#common/testing/programs.ts';

export const ROOT = join(import.meta.dirname, '../../..');

export type ComposeService = {
  readonly image?: string;
  readonly build?: { readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number | null>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly secrets?: readonly { readonly source: string }[];
  readonly volumes?: readonly (string | { type: string; source?: string; target: string })[];
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly unknown[];
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly pids_limit?: number;
  readonly mem_limit?: unknown;
  readonly cpus?: unknown;
  readonly stop_grace_period?: string;
  readonly container_name?: string;
  readonly tmpfs?: readonly string[];
};

export type ComposeFile = {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

/** Implementations of Compose on this machine that read a file without an engine. */
export const composes: readonly (readonly string[])[] = [
  ...(program('docker-compose') ? [['docker-compose']] : []),
  ...(answers(['docker', 'compose', 'version']) ? [['docker', 'compose']] : []),
];

/** The file as an implementation of Compose reads it: anchors followed, variables put in, paths made absolute.
 *  @param more files that change it, within this repository */
export function readCompose(
  compose: readonly string[],
  env: Readonly<Record<string, string>> = {},
  more: readonly string[] = [],
): ComposeFile {
  const [command = '', ...first] = compose;
  const profiles = ['tf-serving', 'gpu', 'iris', 'pacs', 'observability'];
  const files = ['docker-compose.yml', ...more].flatMap((file) => ['--file', file]);
  const args = [...first, ...files, ...profiles.flatMap((profile) => ['--profile', profile]), 'config'];
  const text = execFileSync(command, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return parse(text) as ComposeFile;
}

function answers([command = '', ...args]: readonly string[]): boolean {
  if (!program(command)) return false;
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
