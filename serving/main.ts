import { setFlagsFromString } from 'node:v8';
import { drainDeadline, stopSignal } from '#common/lifecycle.ts';
import { serviceLogger } from '#common/logger.ts';
import { servingConfig } from './config.ts';
import { startServing } from './server.ts';

// By default V8 marks the whole heap again for every few megabytes of pixels that come in: with small batches that
// costs half as much as the network does.
setFlagsFromString('--external-memory-accounted-in-global-limit');

const config = servingConfig(process.env);
const logger = serviceLogger('serving', config.logLevel);
const stop = stopSignal();

await using server = await startServing(config, logger);
logger.info({ grpcPort: server.grpcPort, restPort: server.restPort }, 'serving is ready');
logger.info({ reason: await stop }, 'serving drains');
drainDeadline(15_000);
