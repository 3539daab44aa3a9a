import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { graphClient } from './graph-client.ts';
import { radiographsOf, syntheticRadiographs } from './radiographs.ts';
import { writeReport } from './report/write-report.ts';
import { batching } from './scenarios/batching.ts';
import { cacheFaults } from './scenarios/cache-faults.ts';
import { cached } from './scenarios/cached.ts';
import { capacity } from './scenarios/capacity.ts';
import { classifyLoop } from './scenarios/classify.ts';
import { failover } from './scenarios/failover.ts';
import { floorAlone } from './scenarios/floor.ts';
import { footprint } from './scenarios/footprint.ts';
import type { OwnStack, Scenario, Setting } from './scenarios/scenario.ts';
import { seed } from './scenarios/seed.ts';
import { soak } from './scenarios/soak.ts';
import { tracing } from './scenarios/tracing.ts';
import { uploads } from './scenarios/uploads.ts';
import { type System, startStack } from './stack.ts';

// Sends radiographs to a running Radiograph and writes what it saw to loadtest/reports/.
// npm run loadtest -- [--scenario NAME] [--url URL | --start] [OPTION…]; README.md says which.

const SCENARIOS: Record<string, Scenario> = {
  uploads: uploads('uploads'),
  subscribe: uploads('subscribe'),
  classify: classifyLoop,
  floor: floorAlone,
  capacity,
  cached,
  batching,
  seed,
  soak,
  failover,
  footprint,
  'cache-faults': cacheFaults,
  tracing,
};

/** Where `npm start` has the metrics of the services behind the gateway. */
const BEHIND = 'imaging=4001,heatmap=4002,icu=4003,serving=8501';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'uploads' },
    url: { type: 'string' },
    start: { type: 'boolean', default: false },
    profile: { type: 'string' },
    services: { type: 'string' },
    count: { type: 'string', default: '200' },
    rate: { type: 'string' },
    clients: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '30' },
    size: { type: 'string', default: '1400x1200' },
    folder: { type: 'string' },
    model: { type: 'string', default: join(import.meta.dirname, '../serving/models/covid19/1/model.onnx') },
    out: { type: 'string', default: join(import.meta.dirname, 'reports') },
  },
});

const scenario = SCENARIOS[values.scenario];
if (!scenario) throw new Error(`Expected --scenario as one of ${Object.keys(SCENARIOS).join(', ')}`);
const [, width, height] = /^(\d+)x(\d+)$/.exec(values.size)?.map(Number) ?? [];
if (!width || !height) throw new Error('Expected --size as WIDTHxHEIGHT in pixels');

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
await using stack = new AsyncDisposableStack();
const setting: Setting = {
  options: {
    count: whole('count'),
    rate: rate(),
    clients: whole('clients'),
    seconds: whole('seconds'),
    rounds: whole('rounds'),
    minutes: whole('minutes'),
    model: values.model,
  },
  radiographs: values.folder
    ? await radiographsOf(values.folder)
    : await syntheticRadiographs({ width, height }),
  system: async () => (values.start ? own() : named()),
  stack: own,
  client: ({ url }) => stack.use(graphClient(url)),
};
const report = await scenario(setting);
await writeReport(values.out, report);
if (report.targets.some(({ met }) => !met)) process.exitCode = 1;

async function own(wanted: OwnStack = {}) {
  return stack.use(await startStack({ ...wanted, profile: values.profile }));
}

function whole(name: 'count' | 'clients' | 'seconds' | 'rounds' | 'minutes'): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`Expected --${name} as a whole number above 0`);
  return number;
}

function rate(): number | undefined {
  if (values.rate === undefined) return undefined;
  const number = values.rate === 'all' ? Number.POSITIVE_INFINITY : Number(values.rate);
  if (!(number > 0)) throw new Error('Expected --rate as a number above 0 or "all"');
  return number;
}

/** Of a system that is named by its address alone nothing more is known than its gateway. */
function named(): System {
  const url = values.url ?? `http://localhost:${process.env.PORT || 4000}`;
  const behind = values.services ?? (values.url === undefined ? BEHIND : '');
  const entries = behind === '' ? [] : behind.split(',');
  const services = entries.map((entry) => {
    const [name = '', place = ''] = entry.split(/=(.*)/);
    return [name, /^\d+$/.test(place) ? `http://127.0.0.1:${place}/metrics` : place] as const;
  });
  return { url, services: new Map([['gateway', `${url}/metrics`], ...services]) };
}
