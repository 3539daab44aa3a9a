import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, matchesGlob, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { runIn } from './container.ts';
import { type Instruction, type Stage, stagesOf } from './dockerfile.ts';

export const ROOT = join(import.meta.dirname, '../../..');
const DOCKERFILE = join(import.meta.dirname, '../Dockerfile');

/** What the last stage of the Dockerfile makes, as a folder. */
export type Image = {
  readonly root: string;
  readonly base: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
};

export type BuildOptions = {
  /** An empty folder, which holds a folder for each stage. */
  readonly folder: string;
  /** Takes what `npm ci` has made in this checkout, packages and bundled pages, in place of making it again, which takes
   *  minutes. */
  readonly installed?: boolean;
};

/** Carries out the Dockerfile, instruction by instruction, where there is no engine that does. */
export async function buildImage({ folder, installed = false }: BuildOptions): Promise<Image> {
  const ignored = ignoredBy(readFileSync(`${DOCKERFILE}.dockerignore`, 'utf8'));
  const roots = new Map<string, string>();
  let image: Image | undefined;
  for (const stage of stagesOf(readFileSync(DOCKERFILE, 'utf8'))) {
    const root = join(folder, stage.name);
    mkdirSync(root, { mode: 0o755 });
    roots.set(stage.name, root);
    image = await carryOut(stage, root, { roots, ignored, installed });
  }
  if (!image) throw new Error('The Dockerfile has no stage');
  return image;
}

type Surroundings = {
  readonly roots: ReadonlyMap<string, string>;
  readonly ignored: (path: string) => boolean;
  readonly installed: boolean;
};

async function carryOut(
  stage: Stage,
  root: string,
  { roots, ignored, installed }: Surroundings,
): Promise<Image> {
  let [workdir, user] = ['/', 'root'];
  let [command, healthcheck]: [string[], string[]] = [[], []];
  const env: Record<string, string> = {};
  for (const { name, flags, rest } of stage.instructions) {
    if (name === 'WORKDIR') {
      workdir = rest;
      mkdirSync(join(root, workdir), { recursive: true });
    } else if (name === 'ENV')
      Object.assign(env, Object.fromEntries(rest.split(' ').map((pair) => pair.split('='))));
    else if (name === 'USER') user = rest;
    else if (name === 'CMD') command = JSON.parse(rest);
    else if (name === 'HEALTHCHECK') healthcheck = JSON.parse(rest.replace(/^.*CMD\s+/, ''));
    else if (name === 'COPY') copy({ flags, rest }, join(root, workdir), roots, ignored);
    else {
      const made = installed ? MADE[rest] : undefined;
      if (made) made(join(root, workdir));
      else await run(rest, { root, workdir, env });
    }
  }
  return { root, base: stage.base, workdir, env, user, command, healthcheck };
}

/** A folder's content goes into the target; a file goes into it where it ends in `/`, or is one of several. */
function copy(
  { flags, rest }: Pick<Instruction, 'flags' | 'rest'>,
  workdir: string,
  roots: ReadonlyMap<string, string>,
  ignored: (path: string) => boolean,
): void {
  const stage = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length);
  const context = stage === undefined ? ROOT : roots.get(stage);
  if (context === undefined) throw new Error(`There is no stage ${stage}`);
  const paths = rest.split(/\s+/);
  const target = paths.pop() ?? '';
  for (const path of paths) {
    const from = join(context, path);
    if (!existsSync(from) || (!stage && ignored(path))) throw new Error(`COPY: there is no ${path}`);
    const to = join(
      workdir,
      target,
      statSync(from).isDirectory() || !target.endsWith('/') ? '' : basename(path),
    );
    const filter = (file: string) => stage !== undefined || !ignored(relative(ROOT, file));
    cpSync(from, to, { recursive: true, filter, verbatimSymlinks: true });
  }
}

async function run(command: string, at: { root: string; workdir: string; env: Record<string, string> }) {
  const home = homedir();
  // npm asks the registry that it is set up for here, and keeps what it downloads.
  const own = [join(home, '.npm'), join(home, '.npmrc')].filter((path) => existsSync(path));
  const settings = Object.entries(process.env).filter(([name]) => /^npm_config_|proxy|cert/i.test(name));
  const ran = runIn(
    {
      ...at,
      building: true,
      env: {
        ...(Object.fromEntries(settings) as Record<string, string>),
        ...at.env,
        ...{ HOME: home, npm_config_prefer_offline: 'true' },
      },
      mounts: own.map((path) => ({ from: path, to: path, writable: true })),
    },
    ['sh', '-c', command],
  );
  if (!ran.stdout || !ran.stderr) throw new Error('Expected to hear what is run');
  const [out, errors, [code]] = await Promise.all([text(ran.stdout), text(ran.stderr), once(ran, 'close')]);
  if (code !== 0) throw new Error(`RUN ${command} ended with ${code}: ${out}${errors}`);
}

/** The same from this checkout. */
const MADE: Record<string, (app: string) => void> = {
  'npm ci --ignore-scripts': () => undefined,
  'npm run build:web'(app) {
    const bundled = globSync('gateway/web/*-dist', { cwd: ROOT });
    if (bundled.length === 0) throw new Error('Nothing is bundled here: run npm ci');
    for (const path of bundled) cpSync(join(ROOT, path), join(app, path), { recursive: true });
  },
  'npm ci --omit=dev --ignore-scripts'(app) {
    const lock = readFileSync(join(ROOT, 'node_modules/.package-lock.json'), 'utf8');
    const { packages } = JSON.parse(lock) as { packages: Record<string, { dev?: boolean }> };
    const byFolder = new Map<string, string[]>();
    for (const [path, { dev }] of Object.entries(packages)) {
      // Packages within a package come along with it; the lockfile also names what is for other machines.
      const isWithin = path.lastIndexOf('node_modules/') > 0;
      if (dev || isWithin || !existsSync(join(ROOT, path))) continue;
      byFolder.set(dirname(path), [...(byFolder.get(dirname(path)) ?? []), join(ROOT, path)]);
    }
    for (const [folder, paths] of byFolder) {
      mkdirSync(join(app, folder), { recursive: true });
      link(paths, join(app, folder));
    }
  },
};

/** Twenty thousand files: as links where both places are on one disk. */
function link(paths: readonly string[], to: string): void {
  try {
    execFileSync('cp', ['-al', ...paths, to], { stdio: 'ignore' });
  } catch {
    execFileSync('cp', ['-a', ...paths, to]);
  }
}

/** The patterns of a .dockerignore without exceptions (`!`); a folder takes its content with it. */
function ignoredBy(list: string): (path: string) => boolean {
  const patterns = list.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return (path) =>
    path
      .split('/')
      .some((_, i, parts) => patterns.some((one) => matchesGlob(parts.slice(0, i + 1).join('/'), one)));
}
