import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { grafanaJson } from '../../deploy/grafana/dashboard.ts';
import { DASHBOARDS } from '../../deploy/grafana/dashboards.ts';
import { metricNames } from '../../deploy/prometheus/metric-names.ts';
import { type Rule, rulesOf } from '../../deploy/prometheus/rule-files.ts';
import { icuConfig } from '../../subgraphs/icu/config.ts';
import { startIcu } from '../../subgraphs/icu/server.ts';
import { imagingConfig } from '../../subgraphs/imaging/config.ts';
import { startImaging } from '../../subgraphs/imaging/server.ts';
import { prometheusServer, promtool, startPrometheus } from './prometheus.ts';
import { ask, picture, type System, startSystem, upload } from './system.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const PATIENCE = { timeout: 60_000 };
const DEFAULTS = /^(process|nodejs)_/;
/** Ours, although they begin like those of the library. */
const OWN = new Set([
  ...['nodejs_eventloop_utilization_ratio', 'nodejs_heap_limit_bytes', 'process_memory_limit_bytes'],
]);

type Metric = { readonly type: string; readonly help: string; readonly services: Set<string> };

let system: System;
let metrics: Map<string, Metric>;
let series: Set<string>;

beforeAll(async () => {
  system = await startSystem();
  const sent = await upload(
    system.url,
    'mutation ($files: [Upload!]!) { radiographClassify(input: { file: $files, patientId: "7" }) { radiograph { id heatmap { peak { x } } patient { icuRisk { probability } } } userErrors { code } } }'.replace(
      '$files: [Upload!]!',
      '$files: Upload!',
    ),
    [await picture('png', 21)],
  );
  expect(sent.errors).toBeUndefined();
  metrics = new Map();
  series = new Set();
  for (const [service, url] of Object.entries(system.services)) await read(service, url);
  // Neither IRIS nor a PACS is needed for what is told of them.
  const iris = { IRIS_URL: 'http://127.0.0.1:1', IRIS_USER: 'u', IRIS_PASSWORD: 'p' };
  const config = icuConfig({ ...iris, ICU_PORT: '0', DATA_DIR: system.dataDir });
  await using icu = await startIcu(config, pino({ level: 'silent' }));
  await read('icu', icu.url);
  const pacs = { DICOMWEB_URL: 'http://127.0.0.1:1', IMAGING_PORT: '0', DATA_DIR: system.dataDir };
  const silent = pino({ level: 'silent' });
  await using imaging = await startImaging(imagingConfig(pacs, ['--role', 'api']), silent);
  await read('imaging', imaging.url);
}, 120_000);

afterAll(() => system?.[Symbol.asyncDispose]());

async function read(service: string, url: string): Promise<void> {
  const text = await (await fetch(`${url}/metrics`)).text();
  for (const [, name = '', help = ''] of text.matchAll(/^# HELP (\S+) (.*)$/gm)) {
    const type = new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(text)?.[1] ?? '';
    const known = metrics.get(name) ?? { type, help, services: new Set() };
    expect(known).toMatchObject({ type, help });
    known.services.add(service);
    metrics.set(name, known);
    series.add(name);
    if (type === 'histogram') for (const end of ['bucket', 'sum', 'count']) series.add(`${name}_${end}`);
  }
}

test('every metric that the services have stands in the table of the docs, and no other', () => {
  const text = readFileSync(join(ROOT, 'docs/observability.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z_]+)` *\| (\w+) *\| ([a-z, ]+?) *\| (.+?) *\|$/gm)];
  const told = rows.map(([, name, type, services, help]) => [name, type, services, help]).sort();
  const real = [...metrics]
    .filter(([name]) => !DEFAULTS.test(name) || OWN.has(name))
    .map(([name, { type, services, help }]) => {
      const where =
        services.size === Object.keys(system.services).length ? 'all' : [...services].sort().join(', ');
      return [name, type, where, help];
    })
    .sort();
  expect(told).toEqual(real);
});

test('names tell the unit, and counters are totals', () => {
  for (const [name, { type, help }] of metrics) {
    if (DEFAULTS.test(name) && !OWN.has(name)) continue;
    expect(help.length, name).toBeGreaterThan(10);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
  }
});

const rules = rulesOf(join(ROOT, 'deploy/prometheus/rules'));
const curves = () =>
  DASHBOARDS.flatMap(({ panels }) => panels.flatMap((panel) => panel.curves.map(([expr]) => expr)));

/** Prometheus itself tells one, and its blackbox exporter the other (proxy/certificate.e2e.test.ts). */
const OF_OTHERS = new Set(['up', 'probe_ssl_earliest_cert_expiry']);

test('dashboards and rules ask for nothing that the services do not have', () => {
  const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
  const unknown = [...curves(), ...rules.map(({ expr }) => expr)].flatMap((expr) =>
    metricNames(expr).filter((name) => !OF_OTHERS.has(name) && !series.has(name) && !recorded.has(name)),
  );
  expect(unknown).toEqual([]);
});

test('the dashboards are what their source says', () => {
  const files = globSync(join(ROOT, 'deploy/grafana/dashboards/*.json'));
  expect(files).toHaveLength(DASHBOARDS.length);
  for (const dashboard of DASHBOARDS)
    expect(readFileSync(join(ROOT, 'deploy/grafana/dashboards', `${dashboard.uid}.json`), 'utf8')).toBe(
      grafanaJson(dashboard),
    );
});

test.runIf(promtool)('Prometheus understands the query of every panel', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'panels-'));
  const panels = curves().map((expr, place) => ({
    record: `panel:${place}`,
    expr: expr.replaceAll('$__rate_interval', '5m'),
  }));
  writeFileSync(join(folder, 'panels.yml'), stringify({ groups: [{ name: 'panels', rules: panels }] }));
  await run(promtool ?? '', ['check', 'rules', join(folder, 'panels.yml')]);
  rmSync(folder, { recursive: true });
});

type Target = { labels: { job: string }; health: string };
type Evaluated = { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
type Alerts = { alerts: { labels: { alertname: string; job?: string }; state: string }[] };

test.runIf(prometheusServer)(
  'Prometheus scrapes every service, evaluates every rule, and tells when the model server is gone',
  async () => {
    const local = parse(readFileSync(join(ROOT, 'deploy/prometheus/prometheus.local.yml'), 'utf8'));
    const services = Object.keys(system.services);
    expect((local.scrape_configs as { job_name: string }[]).map(({ job_name }) => job_name)).toEqual(
      services,
    );
    const scrapes = Object.entries(system.services).map(([job_name, url]) => ({
      job_name,
      static_configs: [{ targets: [new URL(url).host] }],
    }));
    const soon = rules.map((rule: Rule) => (rule.for ? { ...rule, for: '1s' } : rule));
    await using prometheus = await startPrometheus(
      {
        global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
        scrape_configs: scrapes,
      },
      { groups: [{ name: 'all', rules: soon }] },
    );
    const health = async () =>
      (await prometheus.ask<{ activeTargets: Target[] }>('targets')).activeTargets.map(
        (target) => `${target.labels.job} ${target.health}`,
      );
    const up = services.map((service) => `${service} up`);
    await expect.poll(async () => (await health()).sort(), PATIENCE).toEqual(up.sort());
    const evaluated = async () =>
      (await prometheus.ask<Evaluated>('rules')).groups.flatMap((group) =>
        group.rules.map((rule) => `${rule.health} ${rule.lastError ?? ''}`),
      );
    await expect.poll(async () => new Set(await evaluated()), PATIENCE).toEqual(new Set(['ok ']));
    expect(await evaluated()).toHaveLength(rules.length);

    const firing = async () =>
      (await prometheus.ask<Alerts>('alerts')).alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels }) => `${labels.alertname} ${labels.job ?? ''}`.trim());
    const gone = ['RadiographTargetDown serving', 'RadiographModelUnavailable'];
    expect((await firing()).filter((name) => gone.includes(name))).toEqual([]);
    await system.stopServing();
    await expect.poll(firing, PATIENCE).toEqual(expect.arrayContaining(gone));
    // With an answer from it, the gateway shows what its clients get.
    expect((await ask(system.url, '{ models { name } }')).errors).toBeUndefined();
  },
  150_000,
);
