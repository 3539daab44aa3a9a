import { reuseExternalMemory } from '#common/external-memory.ts';
import { drainDeadline, stopSignal } from '#common/lifecycle.ts';
import { serviceLogger } from '#common/logger.ts';
import { heatmapConfig } from './config.ts';
import { startHeatmap } from './server.ts';

reuseExternalMemory();

const config = heatmapConfig(process.env);
const logger = serviceLogger('heatmap', config.logLevel);
const stop = stopSignal();

await using server = await startHeatmap(config, logger);
logger.info({ url: server.url }, 'heatmap is ready');
logger.info({ reason: await stop }, 'heatmap drains');
drainDeadline(15_000);
