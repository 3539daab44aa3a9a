import { reuseExternalMemory } from '#common/external-memory.ts';
import { leave, stopSignal, tellReady } from '#common/lifecycle.ts';
import { serviceLogger } from '#common/logger.ts';
import { heatmapConfig } from './config.ts';
import { startHeatmap } from './server.ts';

reuseExternalMemory();

const config = heatmapConfig(process.env);
const logger = serviceLogger('heatmap', config.logLevel);
const stop = stopSignal();

await using server = await startHeatmap(config, logger);
logger.info({ url: server.url }, 'heatmap is ready');
tellReady();
logger.info({ reason: await stop }, 'heatmap drains');
await leave(server, config.drainDelayMs ?? 0);
