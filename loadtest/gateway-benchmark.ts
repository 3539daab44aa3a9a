import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { Pool } from 'undici';
import { benchmarkReport, type Rounds } from './benchmark/benchmark-report.ts';
import { askWard, closedLoop, type Measured } from './benchmark/closed-loop.ts';
import { defaultGateway, hiveGateway, radiograph, started, type Ward } from './benchmark/contenders.ts';
import { WARD_SUBGRAPHS, wardSupergraph } from './benchmark/ward-subgraphs.ts';

// Measures Radiograph's gateway beside others on a machine that does nothing else.
// npm run benchmark -- [--rounds 9] [--seconds 8] [--connections 16] [--without-hive | --hive FOLDER] [--out FILE]

const TARGETS = [
  { startsWith: '@apollo/gateway', ratio: 2 },
  { startsWith: 'Hive', ratio: 1.2 },
];
const WARM_UP_SECONDS = 5;
const START_MS = 60_000;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '8' },
    connections: { type: 'string', default: '16' },
    'without-hive': { type: 'boolean', default: false },
    hive: { type: 'string' },
    out: { type: 'string', default: join(import.meta.dirname, 'reports/gateway-benchmark.md') },
  },
});
const [rounds, seconds, connections] = [values.rounds, values.seconds, values.connections].map(Number);
if (!(rounds && rounds > 0 && seconds && seconds > 0 && connections && connections > 0))
  throw new Error('Expected --rounds, --seconds and --connections as numbers above 0');

const load = loadavg()[0] ?? 0;
if (load > 0.5)
  console.warn(`The load average is ${load.toFixed(2)}: this machine is busy, trust the ratios little`);

await using stack = new AsyncDisposableStack();
const folder = mkdtempSync(join(tmpdir(), 'gateway-benchmark-'));
stack.defer(() => rmSync(folder, { recursive: true, force: true }));

const urls: Ward['urls'] = new Map(
  await Promise.all(
    WARD_SUBGRAPHS.map(async (name) => {
      const file = join(import.meta.dirname, 'benchmark/serve-ward-subgraph.ts');
      const { url } = stack.use(await started((port) => [file, name, String(port)]));
      return [name, url] as const;
    }),
  ),
);
const supergraph = join(folder, 'supergraph.graphql');
writeFileSync(
  supergraph,
  wardSupergraph((name) => urls.get(name) ?? ''),
);
const ward: Ward = { supergraph, urls };

const contenders = [
  radiograph(ward, join(folder, 'data')),
  defaultGateway(ward),
  ...(values['without-hive'] ? [] : [hiveGateway(ward, values.hive ?? join(folder, 'hive'))]),
];
const racing = await Promise.all(
  contenders.map(async ({ name, command, env }) => {
    const { url, pid } = stack.use(await started(command, env));
    const pool = new Pool(url, { connections });
    stack.defer(() => pool.destroy());
    const answer: unknown = JSON.parse(await firstAnswer(name, pool));
    return { name, pid, pool, answer, measured: [] as Measured[] };
  }),
);
for (const { name, answer } of racing)
  if (!isDeepStrictEqual(answer, racing[0]?.answer)) throw new Error(`${name} answers differently`);
for (const { pool, pid } of racing) await closedLoop(pool, pid, { connections, seconds: WARM_UP_SECONDS });

for (let round = 0; round < rounds; round++) {
  const start = round % racing.length;
  for (const { name, pool, pid, measured } of [...racing.slice(start), ...racing.slice(0, start)]) {
    const result = await closedLoop(pool, pid, { connections, seconds });
    measured.push(result);
    console.log(`${round + 1}/${rounds} ${name}: ${result.requestsPerSecond.toFixed(0)} requests/s`);
  }
}

const results: Rounds[] = racing.map(({ name, measured }) => ({ name, rounds: measured }));
const report = benchmarkReport(results, TARGETS, { connections, seconds, load });
mkdirSync(dirname(values.out), { recursive: true });
writeFileSync(values.out, report);
console.log(`\n${report}\nWritten to ${values.out}`);

/** The answer for one ward, as soon as the gateway gives it. */
async function firstAnswer(name: string, pool: Pool): Promise<string> {
  for (const giveUp = Date.now() + START_MS; ; ) {
    try {
      return await askWard(pool, '0');
    } catch (error) {
      if (Date.now() > giveUp) throw new Error(`${name} did not start`, { cause: error });
      await pause(100);
    }
  }
}
