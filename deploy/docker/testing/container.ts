import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program } from '#common/testing/programs.ts';

/** Bubblewrap makes what a container runtime makes of a folder: a root file system, mounts, a user without rights. */
export const bubblewrap = program('bwrap');
export const isRoot = process.getuid?.() === 0;

export type Mount = { readonly from: string; readonly to: string; readonly writable?: boolean };

export type Container = {
  /** The folder that holds the image; what the base image would bring comes from this machine. */
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly mounts?: readonly Mount[];
  readonly tmpfs?: readonly string[];
  /** While an image is built the root is writable, and the user is root. */
  readonly building?: boolean;
  readonly uid?: number;
};

const NODE = process.execPath;
/** Node and npm as the base image has them, before all else that is called so. */
const TOOLS = '/opt/base/bin';

/** Runs a command as a container would: nothing of this machine but its system folders, and those read-only. */
export function runIn(container: Container, command: readonly string[]): ChildProcess {
  if (!bubblewrap) throw new Error('There is no bwrap');
  const { root, workdir, env, mounts = [], tmpfs = [], building = false, uid = 1000 } = container;
  for (const place of ['usr', 'etc', 'bin', 'sbin', 'lib', 'lib64', 'proc', 'dev', 'opt', 'tmp', ...tmpfs])
    mkdirSync(join(root, place), { recursive: true });
  for (const mount of mounts) makePlace(root, mount);
  const npm = program('npm');
  const args = [
    ...[building ? '--bind' : '--ro-bind', root, '/'],
    ...['/usr', '/etc'].flatMap((folder) => ['--ro-bind', folder, folder]),
    ...['bin', 'sbin', 'lib', 'lib64'].flatMap((name) => ['--ro-bind', `/usr/${name}`, `/${name}`]),
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/opt', '--ro-bind', NODE, `${TOOLS}/node`],
    ...(npm ? ['--symlink', realpathSync(npm), `${TOOLS}/npm`] : []),
    ...['/tmp', ...tmpfs].flatMap((folder) => ['--perms', '1777', '--tmpfs', folder]),
    ...mounts.flatMap(({ from, to, writable }) => [writable ? '--bind' : '--ro-bind', from, to]),
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--die-with-parent', '--chdir', workdir],
    ...(building
      ? ['--cap-add', 'ALL']
      : ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'].flatMap((cap) => ['--cap-add', cap])),
    '--',
    ...(building ? [] : asNobody(uid)),
    ...command,
  ];
  return spawn(bubblewrap, args, {
    env: { PATH: `${TOOLS}:/usr/sbin:/usr/bin`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What is mounted needs something of its kind to cover, which a root that is read-only cannot get later. */
function makePlace(root: string, { from, to }: Mount): void {
  const place = join(root, to);
  const isFolder = statSync(from).isDirectory();
  mkdirSync(isFolder ? place : dirname(place), { recursive: true });
  if (!isFolder) closeSync(openSync(place, 'a'));
}

function asNobody(uid: number): string[] {
  const rights = ['--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'];
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', ...rights, '--'];
}
