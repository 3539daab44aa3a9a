import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { freePort, program } from '#common/testing/programs.ts';
import { rulesOf } from '../../../deploy/prometheus/rule-files.ts';
import { haproxyServer } from '../chaos/haproxy.ts';
import { prometheusServer, startPrometheus } from '../prometheus.ts';
import { startCommittedProxy } from './committed-proxy.ts';

const PROMETHEUS = join(import.meta.dirname, '../../../deploy/prometheus');
const PATIENCE = { timeout: 30_000, interval: 200 };
const parts = {
  ...{ haproxy: haproxyServer, prometheus: prometheusServer, openssl: program('openssl') },
  'prometheus-blackbox-exporter': program('prometheus-blackbox-exporter'),
};
const missing = Object.entries(parts).flatMap(([name, path]) => (path ? [] : [name]));
if (missing.length > 0)
  console.warn(`SKIPPED: the alerts about certificates are not tried, for want of ${missing.join()}`);

type Alerts = { alerts: { labels: { alertname: string }; state: string }[] };
type Scraping = { scrape_configs: { job_name: string; params: object }[] };

test.skipIf(missing.length > 0)(
  'a certificate that runs out alerts, until HAProxy was told of a new one',
  { timeout: 90_000 },
  async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'certificate-'));
    const certificate = join(folder.path, 'both.pem');
    const issue = (days: number) => {
      const [key, crt] = [join(folder.path, 'key.pem'), join(folder.path, 'crt.pem')];
      const asked = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', String(days)];
      execFileSync(parts.openssl ?? '', [...asked, '-subj', '/CN=localhost', '-keyout', key, '-out', crt], {
        stdio: 'ignore',
      });
      writeFileSync(certificate, readFileSync(key, 'utf8') + readFileSync(crt, 'utf8'));
    };
    issue(2);
    await using stack = new AsyncDisposableStack();
    const proxy = stack.use(await startCommittedProxy({ gateways: { port: 1, addresses: [] }, certificate }));
    const exporter = `127.0.0.1:${await freePort()}`;
    const blackbox = spawn(
      parts['prometheus-blackbox-exporter'] ?? '',
      [`--config.file=${join(PROMETHEUS, 'blackbox.yml')}`, `--web.listen-address=${exporter}`],
      { stdio: 'ignore' },
    );
    stack.defer(async () => {
      blackbox.kill('SIGKILL');
      if (blackbox.exitCode === null && blackbox.signalCode === null) await once(blackbox, 'exit');
    });
    // As the containers are scraped: only the addresses are this test's.
    const { scrape_configs: committed } = parse(
      readFileSync(join(PROMETHEUS, 'prometheus.yml'), 'utf8'),
    ) as Scraping;
    const jobs = committed
      .filter(({ job_name }) => job_name === 'certificate')
      .map(({ params, ...job }) => ({
        ...job,
        params: { ...params, target: [new URL(proxy.tlsUrl).host] },
        ...{ scrape_interval: '1s', static_configs: [{ targets: [exporter] }] },
      }));
    expect(jobs).toHaveLength(1);
    const rules = rulesOf(join(PROMETHEUS, 'rules'))
      .filter(({ alert }) => alert?.includes('Certificate'))
      .map((rule) => ({ ...rule, for: '1s' }));
    const every = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
    const prometheus = stack.use(
      await startPrometheus({ global: every, scrape_configs: jobs }, { groups: [{ name: 'all', rules }] }),
    );
    const firing = async () =>
      (await prometheus.ask<Alerts>('alerts')).alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels }) => labels.alertname)
        .sort();
    const both = rules.map(({ alert }) => alert);
    expect(both).toHaveLength(2);
    await expect.poll(firing, PATIENCE).toEqual(both);
    issue(10);
    proxy.reload();
    await expect.poll(firing, PATIENCE).toEqual(['RadiographCertificateExpiring']);
    issue(90);
    proxy.reload();
    await expect.poll(firing, PATIENCE).toEqual([]);
  },
);
