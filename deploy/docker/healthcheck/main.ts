/** Ends with 0 when the service in this container says that it can work: the port, 4000 when it is left out. */
const [port = '4000'] = process.argv.slice(2);
const { HOST = '0.0.0.0' } = process.env;
const host = HOST === '0.0.0.0' ? '127.0.0.1' : HOST;

const answer = await fetch(`http://${host}:${port}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(
  () => undefined,
);
process.exitCode = answer?.ok ? 0 : 1;
