import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const ROOMS = ['gateway', 'subgraphs', 'serving', 'schema', 'loadtest', 'deploy', 'docs'];
/** Fewer files than these mean that the search looks in the wrong place. */
const FEWEST_FILES = 120;
const FEWEST_OWN_IMPORTS = 300;

type Import = { readonly from: string; readonly to: string };

const files = ROOMS.flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(room, path)),
);
const imports = files.flatMap((from) => importsOf(from));

/** Everything a file imports: its own files as paths from the root, packages by name. Types count too. */
function importsOf(from: string): Import[] {
  const { module } = parseSync(from, readFileSync(join(ROOT, from), 'utf8'));
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
      readFileSync(join(ROOT, from), 'utf8').slice(start + 1, end - 1),
    ),
  ];
  return specifiers.map((to) => ({ from, to: resolved(from, to) }));
}

function resolved(from: string, specifier: string): string {
  if (specifier.startsWith('#common/')) return specifier.replace('#common', 'subgraphs/common');
  return specifier.startsWith('.') ? relative('.', join(dirname(from), specifier)) : specifier;
}

const isTest = (path: string) =>
  /\.(test|live)\.ts$/.test(path) || path.startsWith('gateway/e2e/') || path.includes('/testing/');
const isOwn = (path: string) => ROOMS.some((room) => path.startsWith(`${room}/`));
const within = (...folders: string[]) => {
  return (path: string) => folders.some((folder) => path.startsWith(`${folder}/`) || path === folder);
};

const COMMON = within('subgraphs/common');
const GENERATED = /^subgraphs\/\w+\/generated\//;

/** What a room may import of our own files: the table of the design. */
const MAY_IMPORT: { room: (path: string) => boolean; may: (path: string) => boolean }[] = [
  { room: within('loadtest'), may: within('loadtest') },
  // Clients to copy: they know nothing of ours.
  { room: within('docs'), may: within('docs') },
  { room: within('gateway'), may: within('gateway', 'subgraphs/common') },
  { room: within('serving'), may: within('serving', 'subgraphs/common') },
  { room: COMMON, may: COMMON },
  { room: within('deploy'), may: within('deploy', 'subgraphs/common') },
  { room: within('schema'), may: within('schema') },
  ...['imaging', 'heatmap', 'icu'].flatMap((name) => {
    const home = `subgraphs/${name}`;
    const at = (...rooms: string[]) => within(...rooms.map((room) => `${home}/${room}`));
    const context = within(`${home}/context.ts`);
    const driven = at('stores', 'jobs', 'engines', 'inference', 'rendering', 'dicom', 'pacs');
    return [
      { room: within(home), may: (path: string) => within(home)(path) || COMMON(path) },
      {
        room: at('resolvers'),
        may: (path: string) =>
          at('resolvers', 'domain')(path) || GENERATED.test(path) || context(path) || COMMON(path),
      },
      {
        room: at('domain'),
        may: (path: string) =>
          at('domain')(path) ||
          path === 'subgraphs/common/errors.ts' ||
          path === 'subgraphs/common/deadline.ts',
      },
      { room: driven, may: (path: string) => driven(path) || at('domain')(path) || COMMON(path) },
      // Only the server wires, so nothing but the entry point and tests knows it.
      {
        room: (path: string) => within(home)(path) && path !== `${home}/main.ts`,
        may: (path: string) => path !== `${home}/server.ts`,
      },
    ];
  }),
];

const NEVER_IN_DOMAIN = /^(graphql|@grpc\/|pino|node:sqlite|@apollo\/|fastify)/;

test('the search sees the code', () => {
  expect(files.length).toBeGreaterThan(FEWEST_FILES);
  expect(imports.filter(({ to }) => isOwn(to)).length).toBeGreaterThan(FEWEST_OWN_IMPORTS);
  const seen = MAY_IMPORT.filter(({ room }) => files.some(room)).length;
  expect(seen).toBeGreaterThan(MAY_IMPORT.length - 4);
});

test('every room imports only what the design lets it', () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      !isTest(from) && isOwn(to) && MAY_IMPORT.some(({ room, may }) => room(from) && !may(to)),
  );
  expect(wrong).toEqual([]);
});

test('the domain knows no transport, no log and no store', () => {
  const domain = imports.filter(({ from }) => /^subgraphs\/\w+\/domain\//.test(from) && !isTest(from));
  expect(domain.length).toBeGreaterThan(10);
  expect(domain.filter(({ to }) => NEVER_IN_DOMAIN.test(to))).toEqual([]);
});

test('resolvers know no store, queue or model server', () => {
  const resolvers = imports.filter(({ from }) => /^subgraphs\/\w+\/resolvers\//.test(from) && !isTest(from));
  expect(resolvers.filter(({ to }) => /^(@grpc\/|node:sqlite|pino|ioredis|bullmq)/.test(to))).toEqual([]);
});

test('only an entry point reads the environment', () => {
  const readers = files.filter((path) => readFileSync(join(ROOT, path), 'utf8').includes('process.env'));
  const may = (path: string) =>
    path.endsWith('/main.ts') ||
    path === 'deploy/local/start.ts' ||
    // Hands the environment on to the services as it is.
    path.startsWith('loadtest/') ||
    path === 'docs/clients/typescript/example.ts' ||
    path.includes('/testing/') ||
    isTest(path);
  expect(readers.filter((path) => !may(path))).toEqual([]);
});

test('no import runs in a circle', () => {
  const edges = new Map<string, string[]>();
  for (const { from, to } of imports) if (isOwn(to)) edges.set(from, [...(edges.get(from) ?? []), to]);
  const done = new Set<string>();
  const circle = (path: string, open: readonly string[]): string[] | undefined => {
    if (open.includes(path)) return [...open.slice(open.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of edges.get(path) ?? []) {
      const found = circle(next, [...open, path]);
      if (found) return found;
    }
    done.add(path);
    return undefined;
  };
  // Generated types name the rows of the domain and the context, and both name generated types only as types.
  const found = files.filter((path) => !GENERATED.test(path)).flatMap((path) => circle(path, []) ?? []);
  expect(found).toEqual([]);
});
