import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInstallation } from './installation.ts';
import type { Connection } from './refuse-outside.ts';
import { ask, picture, upload } from './system.ts';

const ROOT = join(import.meta.dirname, '../..');
const PRELOAD = `--import=${pathToFileURL(join(import.meta.dirname, 'refuse-outside.ts'))}`;
const SERVICES = ['serving', 'imaging', 'heatmap', 'icu', 'gateway'];
const THIS_MACHINE = /^(localhost|127(\.\d+){3}|::1|\/.*)$/;
const UPLOAD = `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files, patientId: "7" }) { jobs { id } userErrors { code } } }`;
const READING = `query ($id: ID!) { job(id: $id) { state radiograph {
  classification { finding { code } } heatmap { image { url } } patient { icuRisk { probability } } } } }`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'connections-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Variables under which a process and its children write down where they connect to. */
function watched(name: string) {
  const file = join(folder, name);
  writeFileSync(file, '');
  const seen = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Connection);
  return {
    env: {
      NODE_OPTIONS: PRELOAD,
      CONNECTIONS_FILE: file,
      NODE_ENV: 'production',
      APOLLO_TELEMETRY_DISABLED: '',
    },
    seen,
    outside: () => seen().filter(({ to }) => !THIS_MACHINE.test(to)),
  };
}

test('no process of ours connects to anything outside of this machine, or asks for its name', {
  timeout: 180_000,
}, async () => {
  const watch = watched('installation');
  await using system = await startInstallation(watch.env);
  const answer = await upload(system.url, UPLOAD, [await picture('png', 71)]);
  const data = answer.data as { radiographUpload: { jobs: { id: string }[] } } | null | undefined;
  const id = data?.radiographUpload.jobs[0]?.id;
  await expect
    .poll(() => ask(system.url, READING, { id }), { timeout: 60_000 })
    .toMatchObject({ data: { job: { state: 'SUCCEEDED', radiograph: { heatmap: { image: {} } } } } });

  expect(watch.outside()).toEqual([]);
  // Every process was under watch, and what they say to each other was seen.
  const mains = watch.seen().map(({ main }) => main);
  for (const name of ['deploy/local/start.ts', ...SERVICES.map((service) => mainOf(service))])
    expect(mains).toContain(join(ROOT, name));
  const connected = watch.seen().filter(({ how }) => how === 'connect');
  expect(connected.map(({ main }) => main)).toContain(join(ROOT, 'gateway/main.ts'));
  expect(connected.map(({ main }) => main)).toContain(join(ROOT, 'subgraphs/imaging/main.ts'));

  // And by the kernel's own account, which native code cannot get around.
  const pids = [Number(system.supervisor.pid), ...SERVICES.map((service) => system.pid(service))];
  const peers = process.platform === 'linux' ? pids.flatMap(peersOf) : [];
  expect(peers.filter((peer) => !isLocalPeer(peer))).toEqual([]);
});

const mainOf = (service: string) =>
  ['gateway', 'serving'].includes(service) ? `${service}/main.ts` : `subgraphs/${service}/main.ts`;

test('the watch sees @apollo/gateway, which does connect outside', { timeout: 180_000 }, async () => {
  const watch = watched('telemetry');
  const script = `
    import { readFileSync } from 'node:fs';
    import { ApolloGateway } from '@apollo/gateway';
    await new ApolloGateway({ supergraphSdl: readFileSync('schema/supergraph.graphql', 'utf8') }).load();
    setInterval(() => {}, 1_000);`;
  const gateway = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    env: { ...process.env, ...watch.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(gateway, 'exit');
  try {
    await expect.poll(() => watch.outside().length, { timeout: 30_000 }).toBeGreaterThan(0);
  } finally {
    gateway.kill('SIGKILL');
    await ended;
  }
});

/** The remote ends of a process's sockets as the kernel writes them: the address in hexadecimal, and the port. */
function peersOf(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        // Closed meanwhile.
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => inodes.has(columns[9] ?? ''))
      .map((columns) => columns[2] ?? ''),
  );
}

/** Listening (no peer), 127.0.0.0/8, ::1 or 127.0.0.0/8 within IPv6; words are little-endian. */
function isLocalPeer(peer: string): boolean {
  const [address = ''] = peer.split(':');
  return (
    /^0+$/.test(address) ||
    /^(0{16}FFFF0000)?[0-9A-F]{6}7F$/.test(address) ||
    address === '00000000000000000000000001000000'
  );
}
