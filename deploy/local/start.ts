import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { stopSignal } from '#common/lifecycle.ts';
import { serviceLogger } from '#common/logger.ts';
import { untilPortsAreFree } from './free-ports.ts';
import { localConfig } from './services.ts';
import { type SupervisedProcess, superviseProcess } from './supervised-process.ts';

// By default glibc gives each thread that decodes pictures a heap of its own, and each keeps what its largest picture
// took: 180 MB more in the heatmap service, 60 to 80 in imaging and gateway.
process.env.MALLOC_ARENA_MAX ??= '2';

/** What an installation that was killed takes at most to answer its last requests. */
const PORTS_MS = 20_000;

const config = localConfig(process.env);
const logger = serviceLogger('start', config.logLevel);
const stop = stopSignal();
const stopped = new AbortController();
void stop.then(() => stopped.abort());
mkdirSync(resolve(config.dataDir), { recursive: true, mode: 0o700 });

const running: SupervisedProcess[] = [];
// A second Ctrl-C ends this process at once, and those that hear only of it must not drain on alone.
process.once('exit', () => {
  for (const part of running) part.kill();
});
try {
  const patience = { ms: PORTS_MS, tell: console.error, signal: stopped.signal };
  if ((await untilPortsAreFree(config.groups.flat(), patience)) && (await allReady()))
    console.log(`Radiograph is ready: ${config.gatewayUrl}`);
  logger.info({ reason: await stop }, 'draining');
} catch (error) {
  console.error(`Radiograph cannot start: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  // The gateway first, so that nothing new comes in while those behind it finish.
  for (const part of running.toReversed()) await part[Symbol.asyncDispose]();
}

/** Starts group after group. @returns false when it was asked to stop before all were ready; nothing starts after that */
async function allReady(): Promise<boolean> {
  for (const group of config.groups) {
    const started = group.map((service) => superviseProcess(service, logger));
    running.push(...started);
    const ready = Promise.all(started.map((part) => part.ready)).then(() => true);
    if (!(await Promise.race([ready, stop.then(() => false)]))) return false;
  }
  return true;
}
