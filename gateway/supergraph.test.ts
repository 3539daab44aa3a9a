import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { gatewayMetrics } from './gateway-metrics.ts';
import { watchedSupergraph } from './supergraph.ts';

/** A busy machine is slow. */
const PATIENCE = { timeout: 15_000 };

const COMPOSED = readFileSync(join(import.meta.dirname, '../schema/supergraph.graphql'), 'utf8');
const KNOWN = new Set(['imaging', 'heatmap', 'icu']);
const changed = (word: string) => COMPOSED.replace('type Query', `"${word}"\ntype Query`);

let folder: string;
let path: string;
let lines: string[];
let updates: string[];
let reloads: ReturnType<typeof gatewayMetrics>['supergraphReloads'];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'radiograph-supergraph-'));
  path = join(folder, 'supergraph.graphql');
  writeFileSync(path, COMPOSED);
  lines = [];
  updates = [];
  reloads = gatewayMetrics().supergraphReloads;
  return () => rmSync(folder, { recursive: true, force: true });
});

async function watching(at = path, known: ReadonlySet<string> = KNOWN) {
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  const watch = watchedSupergraph(at, known, logger, reloads);
  const { federation, stop } = await watch(({ sdl }) => void updates.push(sdl));
  return { supergraphSdl: federation.sdl, [Symbol.asyncDispose]: stop };
}

async function outcomes(): Promise<Record<string, number>> {
  const { values } = await reloads.get();
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels.outcome), value]));
}

const refusals = () => lines.map((line) => JSON.parse(line)).filter(({ reason }) => reason !== undefined);

test('a file that is written again, replaced or removed for a moment is loaded', async () => {
  await using watched = await watching();
  expect(watched.supergraphSdl).toBe(COMPOSED);
  writeFileSync(path, changed('written'));
  await expect.poll(() => updates, PATIENCE).toEqual([changed('written')]);
  writeFileSync(`${path}.new`, changed('replaced'));
  renameSync(`${path}.new`, path);
  await expect.poll(() => updates.at(-1), PATIENCE).toBe(changed('replaced'));
  rmSync(path);
  writeFileSync(path, changed('made anew'));
  await expect.poll(() => updates.at(-1), PATIENCE).toBe(changed('made anew'));
  expect(updates).toHaveLength(3);
  expect(await outcomes()).toEqual({ loaded: 3 });
});

test('a folder that is swapped behind a link, as Kubernetes does, is loaded', async () => {
  const version = (name: string, sdl: string) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'supergraph.graphql'), sdl);
    symlinkSync(name, join(folder, 'next'));
    renameSync(join(folder, 'next'), join(folder, '..data'));
  };
  rmSync(path);
  version('v1', COMPOSED);
  symlinkSync(join('..data', 'supergraph.graphql'), path);
  await using _watched = await watching();
  version('v2', changed('swapped'));
  await expect.poll(() => updates, PATIENCE).toEqual([changed('swapped')]);
});

test('a faulty one is refused by one line without its content, and the next good one is loaded', async () => {
  await using _watched = await watching();
  const faulty: [string, string][] = [
    ['not_a_supergraph', 'type Query {'],
    ['not_a_supergraph', ''],
    ['not_a_supergraph', 'type Query { secret: String }'],
    ['not_a_supergraph', COMPOSED.slice(0, COMPOSED.length / 2)],
    ['unknown_subgraph', COMPOSED.replaceAll('name: "icu"', 'name: "secret"')],
  ];
  for (const [index, [reason, sdl]] of faulty.entries()) {
    writeFileSync(path, sdl);
    await expect.poll(refusals, PATIENCE).toHaveLength(index + 1);
    expect(refusals()[index]).toMatchObject({ level: 50, reason });
  }
  rmSync(path);
  await expect.poll(refusals, PATIENCE).toHaveLength(6);
  expect(refusals()[5]).toMatchObject({ reason: 'unreadable' });
  writeFileSync(path, changed('good'));
  await expect.poll(() => updates, PATIENCE).toEqual([changed('good')]);
  expect(await outcomes()).toEqual({ refused: 6, loaded: 1 });
  expect(lines.join()).not.toMatch(/secret|type Query|tmp/);
});

test('a faulty one is told once, however often it is looked at', async () => {
  await using _watched = await watching();
  writeFileSync(path, 'broken');
  await expect.poll(refusals, PATIENCE).toHaveLength(1);
  writeFileSync(join(folder, 'other.graphql'), 'stirs the watcher');
  // Time in which a second line would come.
  await pause(600);
  expect(await outcomes()).toEqual({ refused: 1 });
});

test('a return to what is being served changes nothing', async () => {
  await using _watched = await watching();
  writeFileSync(path, 'broken');
  await expect.poll(refusals, PATIENCE).toHaveLength(1);
  writeFileSync(path, COMPOSED);
  writeFileSync(`${path}.new`, changed('later'));
  await expect.poll(() => lines.length, PATIENCE).toBe(1);
  renameSync(`${path}.new`, path);
  await expect.poll(() => updates, PATIENCE).toEqual([changed('later')]);
});

test('at the start a faulty one ends the gateway with its fault', async () => {
  await expect(watching(join(folder, 'absent.graphql'))).rejects.toThrow('ENOENT');
  await expect(watching(path, new Set(['imaging', 'heatmap']))).rejects.toThrow('without an address: icu');
  writeFileSync(path, 'type Query {');
  await expect(watching()).rejects.toThrow('Syntax Error');
});
