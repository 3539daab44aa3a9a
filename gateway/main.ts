import { reuseExternalMemory } from '#common/external-memory.ts';
import { leave, stopSignal, tellReady } from '#common/lifecycle.ts';
import { serviceLogger } from '#common/logger.ts';
import { gatewayConfig } from './config.ts';

reuseExternalMemory();
// Read when Apollo's libraries are loaded: without it some report to their vendor and probe cloud metadata.
process.env.APOLLO_TELEMETRY_DISABLED = '1';
const { startGateway } = await import('./server.ts');

const config = gatewayConfig(process.env);
const logger = serviceLogger('gateway', config.logLevel);
const stop = stopSignal();

await using server = await startGateway(config, logger);
logger.info({ url: server.url }, 'gateway is ready');
tellReady();
logger.info({ reason: await stop }, 'gateway drains');
await leave(server, config.drainDelayMs ?? 0);
