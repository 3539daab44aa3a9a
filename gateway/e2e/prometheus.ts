import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { freePort, program } from '#common/testing/programs.ts';

export const prometheusServer = program('prometheus');
export const promtool = program('promtool');

export type Prometheus = AsyncDisposable & {
  /** What `/api/v1/<path>` answers. */
  ask<T>(path: string): Promise<T>;
};

/** A Prometheus of its own on a free port. @param rules groups of rules @param config without `rule_files` */
export async function startPrometheus(config: object, rules: object): Promise<Prometheus> {
  if (!prometheusServer) throw new Error('There is no prometheus');
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  writeFileSync(join(folder, 'rules.yml'), stringify(rules));
  writeFileSync(join(folder, 'prometheus.yml'), stringify({ ...config, rule_files: ['rules.yml'] }));
  const url = `http://127.0.0.1:${await freePort()}`;
  const server = spawn(
    prometheusServer,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) {
    if (server.exitCode !== null) throw new Error('Prometheus does not start');
    await pause(50);
  }
  return {
    async ask<T>(path: string) {
      const { data } = (await (await fetch(`${url}/api/v1/${path}`)).json()) as { data: T };
      return data;
    },
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
