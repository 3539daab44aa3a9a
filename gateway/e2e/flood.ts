import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { pino } from 'pino';
import { serviceMetrics } from '#common/metrics.ts';
import { startSubgraph } from '#common/subgraph-server.ts';
import { gatewayConfig } from '../config.ts';
import { startGateway } from '../server.ts';

/** Bytes of one event. */
export const EVENT_BYTES = 64 * 1024;

const SDL = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query { large: String! }
  type Subscription { flood: Event! }
  type Event { number: Int! text: String! }`);

/** A gateway before a subgraph that sends large events as fast as they are taken. */
export type Flood = AsyncDisposable & {
  readonly url: string;
  /** Events that the subgraph has sent, over all subscriptions. */
  sent(): number;
};

export async function startFlood(env: NodeJS.ProcessEnv = {}): Promise<Flood> {
  const dataDir = mkdtempSync(join(tmpdir(), 'flood-'));
  const logger = pino({ level: process.env.LOG_LEVEL ?? 'silent' });
  const stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  let sent = 0;
  const text = 'x'.repeat(EVENT_BYTES);
  async function* flood() {
    for (;;) {
      sent += 1;
      yield { flood: { number: sent, text } };
      await breathe();
    }
  }
  const subgraph = stack.use(
    await startSubgraph({
      name: 'flood',
      dataDir,
      host: '127.0.0.1',
      port: 0,
      typeDefs: SDL,
      resolvers: { Query: { large: () => text }, Subscription: { flood: { subscribe: flood } } },
      context: () => ({}),
      logger,
      metrics: serviceMetrics('flood'),
      ready: () => true,
    }),
  );
  const composed = composeServices([{ name: 'flood', url: subgraph.url, typeDefs: SDL }]);
  if (composed.errors) throw new Error(composed.errors.map(String).join('\n'));
  const supergraph = join(dataDir, 'supergraph.graphql');
  writeFileSync(supergraph, composed.supergraphSdl);
  const config = gatewayConfig({ PORT: '0', DATA_DIR: dataDir, ...env });
  const subgraphs = new Map([['flood', subgraph.url]]);
  const gateway = stack.use(await startGateway({ ...config, supergraph, subgraphs }, logger));
  return { url: gateway.url, sent: () => sent, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
