import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, program } from '#common/testing/programs.ts';

/** Where HAProxy is on this machine; undefined where there is none. */
export const haproxyServer = program('haproxy', '/usr/sbin');

const READY_MS = 20_000;
const SERVED_BY = 'x-served-by';

export type Haproxy = AsyncDisposable & {
  readonly url: string;
  /** Resolves when every gateway gets requests. */
  usesAll(): Promise<void>;
};

/** An HAProxy in front of gateways, which it asks whether they are alive twice in a second. */
export async function startHaproxy(gateways: readonly string[]): Promise<Haproxy> {
  if (!haproxyServer) throw new Error('There is no haproxy');
  const folder = mkdtempSync(join(tmpdir(), 'haproxy-'));
  const port = await freePort();
  const servers = gateways.map(
    (url, i) => `  server gateway-${i + 1} ${new URL(url).host} check inter 500ms fall 2 rise 1`,
  );
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  retries 2
  option redispatch
listen gateways
  bind 127.0.0.1:${port}
  balance roundrobin
  option httpchk GET /healthz
  http-response set-header ${SERVED_BY} %s
${servers.join('\n')}
`,
  );
  const proxy = spawn(haproxyServer, ['-f', file, '-db'], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const usesAll = async () => {
    const seen = new Set<string>();
    for (const until = Date.now() + READY_MS; seen.size < gateways.length; await pause(50)) {
      const answer = await fetch(`${url}/healthz`).catch(() => undefined);
      const server = answer?.headers.get(SERVED_BY);
      if (answer?.ok && server) seen.add(server);
      await answer?.body?.cancel();
      if (Date.now() > until) throw new Error(`haproxy uses ${[...seen].join() || 'no gateway'}`);
    }
  };
  return {
    url,
    usesAll,
    async [Symbol.asyncDispose]() {
      proxy.kill('SIGKILL');
      if (proxy.exitCode === null && proxy.signalCode === null) await once(proxy, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
