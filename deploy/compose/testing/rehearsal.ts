import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { type Container, type Mount, runIn } from '../../docker/testing/container.ts';
import type { Image } from '../../docker/testing/image-build.ts';
import type { ComposeFile, ComposeService } from './compose-file.ts';

/** Services of the compose file, run from the folder of their image with their commands, variables, secrets, volumes
 *  and users, but without an engine. Each replica has an address of its own of this machine's loopback network, and
 *  `/etc/hosts` stands in for the names of the container network. */
export type Rehearsal = AsyncDisposable & {
  /** Starts a replica. @param more variables that take the place of addresses */
  start(service: string, more?: Readonly<Record<string, string>>): Replica;
  /** Runs a task to its end. @param instead a command in place of its own @returns its exit code and what it said */
  run(
    service: string,
    more?: Readonly<Record<string, string>>,
    instead?: readonly string[],
  ): Promise<{ code: number; said: string }>;
  addressOf(service: string, replica?: number): string;
  /** Of every service that was started so far. */
  readonly replicas: readonly Replica[];
};

export type Replica = {
  readonly service: string;
  readonly address: string;
  readonly process: ChildProcess;
  readonly said: readonly string[];
  /** Runs a command in the container, beside its service. */
  exec(command: readonly string[]): Promise<{ code: number; said: string }>;
  /** Runs its healthcheck. @returns the exit code */
  check(): Promise<number>;
  healthy(): Promise<void>;
  /** Asks it to stop, as `docker compose stop` does. @returns the exit code */
  stop(): Promise<number | null>;
};

export type RehearsalParts = {
  readonly file: ComposeFile;
  readonly image: Image;
  /** An empty folder for volumes, and for the roots of images that are not ours. */
  readonly folder: string;
  /** Names of services that run otherwise, and where. */
  readonly elsewhere?: Readonly<Record<string, string>>;
};

const HEALTHY_MS = 90_000;

export function rehearse({ file, image, folder, elsewhere = {} }: RehearsalParts): Rehearsal {
  const block = () => 1 + Math.floor(Math.random() * 250);
  const network = `127.${block()}.${block()}`;
  const names = Object.keys(file.services);
  // Ten addresses for the replicas of each service.
  const addressOf = (service: string, replica = 0) =>
    elsewhere[service] ?? `${network}.${names.indexOf(service) * 10 + replica + 1}`;
  const hosts = join(folder, 'hosts');
  writeFileSync(
    hosts,
    ['127.0.0.1 localhost', ...names.map((name) => `${addressOf(name)} ${name}`)]
      .map((line) => `${line}\n`)
      .join(''),
  );
  const replicas: Replica[] = [];
  let anonymous = 0;

  const container = (name: string, address: string, more: Readonly<Record<string, string>>) => {
    const service = file.services[name];
    if (!service) throw new Error(`There is no service ${name}`);
    const isOurs = service.build?.dockerfile === 'deploy/docker/Dockerfile';
    const root = isOurs ? image.root : baseRoot(join(folder, `root-${name}`));
    const uid = Number(/^\d+/.exec((service as { user?: string }).user ?? image.user)?.[0]);
    const volume = (entry: NonNullable<ComposeService['volumes']>[number]): Mount => {
      const [source, to, mode] = typeof entry === 'string' ? entry.split(':') : [entry.source, entry.target];
      if (source?.startsWith('/') && to) return { from: source, to, writable: false };
      const [at, label] = to === undefined ? [source ?? '', `anonymous-${++anonymous}`] : [to, source ?? ''];
      const from = join(folder, `volume-${label}`);
      if (!existsSync(from)) {
        mkdirSync(from);
        // A new volume takes owner and mode of what the image has there.
        const inImage = join(root, at);
        const {
          uid: owner,
          gid,
          mode: bits,
        } = existsSync(inImage) ? statSync(inImage) : { uid, gid: uid, mode: 0o700 };
        chownSync(from, owner, gid);
        chmodSync(from, bits & 0o777);
      }
      return { from, to: at, writable: mode !== 'ro' };
    };
    const secrets = (service.secrets ?? []).map(({ source }) => ({
      from: file.secrets[source]?.file ?? '',
      to: `/run/secrets/${source}`,
    }));
    const given = Object.entries(service.environment ?? {}).map(([key, value]) => [key, String(value ?? '')]);
    const command = [...(service.entrypoint ?? []), ...(service.command ?? (isOurs ? image.command : []))];
    return {
      service,
      // Compose doubles the sign that would begin a variable of its own.
      command: command.map((word) => word.replaceAll('$$', '$')),
      isolated: {
        ...{ root, workdir: isOurs ? image.workdir : name.startsWith('redis') ? '/data' : '/', uid },
        env: { ...(isOurs && image.env), ...Object.fromEntries(given), HOST: address, ...more },
        mounts: [{ from: hosts, to: '/etc/hosts' }, ...(service.volumes ?? []).map(volume), ...secrets],
        tmpfs: (service.tmpfs ?? [])
          .flatMap((one) => one.split(':')[0] ?? [])
          .filter((path) => path !== '/tmp'),
      } satisfies Container,
    };
  };

  const start = (name: string, more: Readonly<Record<string, string>> = {}): Replica => {
    const address = addressOf(name, replicas.filter(({ service }) => service === name).length);
    const { service, command, isolated } = container(name, address, more);
    const own = name.startsWith('redis') ? ['--bind', address] : [];
    const child = runIn(isolated, [...command, ...own]);
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (bytes) => said.push(String(bytes)));
    const exec = (words: readonly string[]) => ended(runIn(isolated, words));
    const replica: Replica = {
      ...{ service: name, address, process: child, said, exec },
      async check() {
        const [kind, ...words] = service.healthcheck?.test ?? [];
        if (kind !== 'CMD') throw new Error(`Expected a healthcheck of ${name}`);
        const here = words.map((word) => word.replace('redis-cli', `redis-cli -h ${address}`));
        return (await exec(here)).code;
      },
      async healthy() {
        for (const until = Date.now() + HEALTHY_MS; (await replica.check()) !== 0; await pause(200))
          if (child.exitCode !== null || Date.now() > until)
            throw new Error(`${name} is not healthy: ${said.join('').slice(-2_000)}`);
      },
      async stop() {
        process.kill(innermost(child.pid ?? 0), 'SIGTERM');
        if (child.exitCode === null) await once(child, 'exit');
        return child.exitCode;
      },
    };
    replicas.push(replica);
    return replica;
  };

  return {
    ...{ start, addressOf, replicas },
    run(name, more = {}, instead) {
      const { command, isolated } = container(name, addressOf(name), more);
      return ended(runIn(isolated, instead ?? command));
    },
    async [Symbol.asyncDispose]() {
      for (const { process: child } of replicas.toReversed()) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function baseRoot(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o755 });
  return path;
}

async function ended(child: ChildProcess): Promise<{ code: number; said: string }> {
  if (!child.stdout || !child.stderr) throw new Error('Expected to hear what is run');
  const [out, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: Number(code), said: out + errors };
}

/** The service itself: a signal to what wraps it would not reach it. */
function innermost(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return child ? innermost(Number(child)) : pid;
}
