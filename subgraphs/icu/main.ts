import { leave, stopSignal, tellReady } from '#common/lifecycle.ts';
import { serviceLogger } from '#common/logger.ts';
import { icuConfig } from './config.ts';
import { startIcu } from './server.ts';

const config = icuConfig(process.env);
const logger = serviceLogger('icu', config.logLevel);
const stop = stopSignal();

await using server = await startIcu(config, logger);
logger.info({ url: server.url }, 'icu is ready');
tellReady();
logger.info({ reason: await stop }, 'icu drains');
await leave(server, config.drainDelayMs ?? 0);
