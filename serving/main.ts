import { reuseExternalMemory } from '#common/external-memory.ts';
import { leave, stopSignal, tellReady } from '#common/lifecycle.ts';
import { serviceLogger } from '#common/logger.ts';
import { servingConfig } from './config.ts';
import { startServing } from './server.ts';

reuseExternalMemory();

const config = servingConfig(process.env);
const logger = serviceLogger('serving', config.logLevel);
const stop = stopSignal();

await using server = await startServing(config, logger);
logger.info({ grpcPort: server.grpcPort, restPort: server.restPort }, 'serving is ready');
tellReady();
logger.info({ reason: await stop }, 'serving drains');
await leave(server, config.drainDelayMs ?? 0);
