import { execFile } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { program } from '#common/testing/programs.ts';
import { rulesOf } from './rule-files.ts';

const run = promisify(execFile);
const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
const promtool = program('promtool');
const withPromtool = test.runIf(promtool);
if (!promtool) console.warn('There is no promtool: rules and configurations are not checked by Prometheus');

const alerts = rulesOf(join(HERE, 'rules')).filter(({ alert }) => alert !== undefined);
const RUNBOOKS = 'docs/runbooks';
const PARTS = ['**What it means.**', '**What the clinician sees.**', '## First checks', '```sh'];
const MORE_PARTS = ['## How to mend it', '## When to escalate'];

type RuleTest = {
  readonly name: string;
  readonly promql_expr_test: readonly { readonly expr: string; readonly exp_samples: readonly unknown[] }[];
};

withPromtool('Prometheus takes the configurations with their rules', async () => {
  for (const file of ['prometheus.yml', 'prometheus.local.yml'])
    await run(promtool ?? '', ['check', 'config', '--lint=all', '--lint-fatal', join(HERE, file)]);
});

withPromtool(
  'each alert fires when it should and stays quiet when it should not',
  async () => {
    const files = globSync(join(HERE, 'tests/*.yml'));
    expect(files).toHaveLength(readdirSync(join(HERE, 'rules')).length);
    await run(promtool ?? '', ['test', 'rules', ...files]);
  },
  180_000,
);

test('no alert is without a test in which it fires and one in which it does not', () => {
  const tests = globSync(join(HERE, 'tests/*.yml')).flatMap(
    (file) => (parse(readFileSync(file, 'utf8')) as { tests: RuleTest[] }).tests,
  );
  const samplesOf = (name: string, alert: string) =>
    tests
      .filter((one) => one.name === name)
      .flatMap((one) => one.promql_expr_test)
      .filter(({ expr }) => expr === `count(ALERTS{alertname="${alert}", alertstate="firing"})`)
      .map(({ exp_samples }) => exp_samples.length);
  expect(alerts.length).toBeGreaterThan(25);
  for (const { alert = '' } of alerts) {
    expect(samplesOf(`${alert} fires`, alert), alert).toEqual([1]);
    expect(samplesOf(`${alert} stays quiet`, alert), alert).toEqual([0]);
  }
});

test('each alert says how grave it is and what it means, and has a runbook page; no page is left over', () => {
  const pages = new Set<string>();
  const docs = readFileSync(join(ROOT, 'docs/observability.md'), 'utf8');
  for (const { alert, labels, annotations } of alerts) {
    expect(labels?.severity, alert).toMatch(/^(critical|warning)$/);
    expect(annotations?.summary, alert).toMatch(/\w/);
    expect(annotations?.description, alert).toMatch(/\w.*\.$/);
    const page = annotations?.runbook_url ?? '';
    expect(docs).toContain(`| [${alert}](${page.replace('docs/', '')})`);
    pages.add(page);
    const text = readFileSync(join(ROOT, page), 'utf8');
    expect(text).toContain(`# ${alert}\n`);
    for (const part of [...PARTS, ...MORE_PARTS]) expect(text, page).toContain(part);
    for (const [, link = ''] of text.matchAll(/\]\(([^)#]+)\)/g))
      expect(existsSync(join(ROOT, RUNBOOKS, link)), `${page} → ${link}`).toBe(true);
  }
  const there = globSync(join(ROOT, RUNBOOKS, '*.md')).map((file) => relative(ROOT, file));
  expect(new Set(there)).toEqual(pages);
});
