import { reuseExternalMemory } from '#common/external-memory.ts';
import { leave, stopSignal, tellReady } from '#common/lifecycle.ts';
import { serviceLogger } from '#common/logger.ts';
import { imagingConfig } from './config.ts';
import { startImaging } from './server.ts';

reuseExternalMemory();

const config = imagingConfig(process.env, process.argv.slice(2));
const logger = serviceLogger('imaging', config.logLevel);
const stop = stopSignal();

await using server = await startImaging(config, logger);
logger.info({ url: server.url }, 'imaging is ready');
tellReady();
logger.info({ reason: await stop }, 'imaging drains');
await leave(server, config.drainDelayMs ?? 0);
