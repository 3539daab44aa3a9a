import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '#common/testing/programs.ts';
import { haproxyServer } from '../chaos/haproxy.ts';
import { startNameServer } from './name-server.ts';

export const CONFIGURATION = join(import.meta.dirname, '../../../deploy/haproxy');
export const STATS_PASSWORD = 'for-this-test';

const READY_MS = 20_000;

export type CommittedProxy = AsyncDisposable & {
  /** Of the way in. */
  readonly url: string;
  /** Of the way in over TLS, where there is a certificate. */
  readonly tlsUrl: string;
  readonly imagingUrl: string;
  readonly heatmapUrl: string;
  readonly statsUrl: string;
  readonly metricsUrl: string;
  /** What it has written: a line for each request. */
  readonly lines: readonly string[];
  /** Lets it read its files again, as a signal to the container does. */
  reload(): void;
  /** Resolves when so many servers of a backend get requests. */
  uses(backend: string, count: number): Promise<void>;
};

/** The port of a service, and the addresses of its replicas at this moment. */
export type Replicas = { readonly port: number; readonly addresses: readonly string[] };

export type ProxyOptions = {
  readonly gateways: Replicas;
  readonly imaging?: Replicas;
  readonly heatmap?: Replicas;
  /** A file with key and certificate. */
  readonly certificate?: string;
  readonly env?: Readonly<Record<string, string>>;
};

const NOWHERE: Replicas = { port: 1, addresses: [] };

/** HAProxy with the configuration that is deployed: only addresses and ports are this test's. */
export async function startCommittedProxy(options: ProxyOptions): Promise<CommittedProxy> {
  if (!haproxyServer) throw new Error('There is no haproxy');
  await using starting = new AsyncDisposableStack();
  const { gateways, imaging = NOWHERE, heatmap = NOWHERE, certificate } = options;
  const names = new Map([
    ['gateway', gateways.addresses],
    ['imaging-api', imaging.addresses],
    ['heatmap', heatmap.addresses],
  ]);
  const dns = starting.use(await startNameServer(names));
  const [edge, tls, imagingPort, heatmapPort, stats, metrics] = await Promise.all(
    Array.from({ length: 6 }, () => freePort()),
  );
  const at = (port: number | undefined) => `127.0.0.1:${port}`;
  const files = ['haproxy.cfg', ...(certificate ? ['tls.cfg'] : [])];
  const args = ['-W', '-db', ...files.flatMap((file) => ['-f', join(CONFIGURATION, file)])];
  const proxy = spawn(haproxyServer, args, {
    env: {
      ...{
        BIND_EDGE: at(edge),
        BIND_TLS: at(tls),
        BIND_STATS: at(stats),
        BIND_METRICS: at(metrics),
        STATS_PASSWORD,
      },
      ...{ BIND_IMAGING: at(imagingPort), BIND_HEATMAP: at(heatmapPort), DNS_ADDRESS: at(dns.port) },
      ...{ GATEWAY_PORT: String(gateways.port), IMAGING_PORT: String(imaging.port) },
      ...{ HEATMAP_PORT: String(heatmap.port), ...(certificate && { TLS_CERTIFICATE: certificate }) },
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  starting.defer(() => ended(proxy));
  const lines = linesOf(proxy);
  const [statsUrl, metricsUrl] = [`http://${at(stats)}`, `http://${at(metrics)}`];
  const running = starting.move();
  return {
    ...{ url: `http://${at(edge)}`, tlsUrl: `https://localhost:${tls}`, statsUrl, metricsUrl, lines },
    ...{ imagingUrl: `http://${at(imagingPort)}`, heatmapUrl: `http://${at(heatmapPort)}` },
    reload: () => void proxy.kill('SIGUSR2'),
    async uses(backend, count) {
      const up = new RegExp(`^haproxy_backend_active_servers{proxy="${backend}"} ${count}$`, 'm');
      for (const until = Date.now() + READY_MS; ; await pause(50)) {
        const answer = await fetch(`${metricsUrl}/metrics`).catch(() => undefined);
        if (up.test((await answer?.text()) ?? '')) return;
        if (proxy.exitCode !== null || Date.now() > until)
          throw new Error(`Expected ${count} servers of ${backend}: ${lines.slice(-5).join('\n')}`);
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function linesOf(proxy: ChildProcess): string[] {
  const lines: string[] = [];
  const note = (bytes: Buffer) => lines.push(...bytes.toString().trimEnd().split('\n'));
  proxy.stdout?.on('data', note);
  proxy.stderr?.on('data', note);
  return lines;
}

async function ended(proxy: ChildProcess): Promise<void> {
  // Its worker ends with it, and at once.
  proxy.kill('SIGTERM');
  if (proxy.exitCode === null && proxy.signalCode === null) await once(proxy, 'exit');
}
