import { parseArgs } from 'node:util';

/** Ends with 0 when the service in this container says that it can work. */
const { positionals } = parseArgs({ allowPositionals: true });
const [port = '4000'] = positionals;

const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(
  () => undefined,
);
process.exitCode = answer?.ok ? 0 : 1;
