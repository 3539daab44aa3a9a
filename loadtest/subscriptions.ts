import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { GraphFault, graphClient } from './graph-client.ts';
import { type Attempt, summarise } from './load/attempt.ts';
import { syntheticRadiographs } from './radiographs.ts';
import { faultOf, type OpenStream, STREAM_TRANSPORTS } from './stream-transports.ts';
import { listeningProcess, residentBytes } from './watch/process-usage.ts';

// Opens many subscriptions, each on a connection of its own, to jobs that stay open, and measures the gateway's memory
// and how long the end of a job takes to reach its subscribers. The jobs stay open since this program is the model
// server that they wait for: it never answers, and refuses everything once all is measured, so that they end FAILED.
// TF_SERVING=hole=127.0.0.1:9009 npm start
// npm run loadtest:subscriptions -- [--url URL] [--count 1000] [--hole 9009] [--restart] [--out FOLDER]
// With --restart it ends the gateway before each transport, and `npm start` starts it again: memory that the transport
// before has left behind is then not counted, which the figure for each subscription needs.

const UPLOAD = `mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) { jobs { id } } }`;
const FOLLOW =
  'subscription ($id: ID!) { jobStatus(id: $id) { state finishedAt radiograph { id patient { id } } } }';
/** Jobs that share the subscriptions; each end is told to its share at once. As many as are done side by side. */
const JOBS = 16;
/** Connections that are made at the same time: the backlog of a listening socket is short. */
const OPENING = 50;
const SETTLE_MS = 1_000;

type Uploaded = { radiographUpload: { jobs: { id: string }[] } };
type Status = { jobStatus: { state: string; finishedAt: string | null } };

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: `http://localhost:${process.env.PORT || 4000}` },
    count: { type: 'string', default: '1000' },
    restart: { type: 'boolean', default: false },
    hole: { type: 'string', default: '9009' },
    out: { type: 'string', default: join(import.meta.dirname, 'reports') },
  },
});
const count = Number(values.count);
if (!Number.isInteger(count) || count < 1) throw new Error('Expected --count as a whole number above 0');
const port = Number(new URL(values.url).port || 80);

const waiting = new Set<Socket>();
let refusing = false;
const hole = createServer((socket) => {
  socket.on('error', () => undefined);
  if (refusing) return socket.destroy();
  waiting.add(socket.resume());
  socket.once('close', () => waiting.delete(socket));
}).listen(Number(values.hole), '127.0.0.1');

await using client = graphClient(values.url);
const { next: radiograph } = await syntheticRadiographs({ width: 512, height: 512 }, 4);

/** A gateway that has answered nothing yet. */
async function restarted(): Promise<void> {
  const before = listeningProcess(port);
  process.kill(before, 'SIGTERM');
  const isAfresh = async () => {
    const ready = (await fetch(`${values.url}/readyz`).catch(() => undefined))?.ok ?? false;
    return ready && listeningProcess(port) !== before;
  };
  do await pause(SETTLE_MS);
  while (!(await isAfresh().catch(() => false)));
}

async function openJobs(): Promise<string[]> {
  const files = Array.from({ length: JOBS }, (_, i) => ({ name: `${i}.jpg`, content: radiograph() }));
  const { jobs } = (await client.upload<Uploaded>(UPLOAD, files)).radiographUpload;
  if (jobs.length !== JOBS) throw new GraphFault('Not every radiograph was taken');
  return jobs.map(({ id }) => id);
}

type Phase = {
  readonly transport: string;
  readonly openMs: number;
  readonly bytesBefore: number;
  readonly bytesOpen: number;
  readonly late: number;
  readonly delivery: ReturnType<typeof summarise>;
};

async function measure(transport: string, open: OpenStream, subscriptions: number): Promise<Phase> {
  refusing = false;
  const pid = listeningProcess(port);
  const ids = await openJobs();
  await pause(SETTLE_MS);
  const bytesBefore = residentBytes(pid);
  const started = performance.now();
  const deliveries: Attempt[] = [];
  let late = 0;
  const follow = (id: string) => {
    let first = true;
    let told = false;
    let opened: () => void = () => undefined;
    const isOpen = new Promise<void>((resolve) => (opened = resolve));
    const ended = open(values.url, FOLLOW, { id }, (result) => {
      if (result.errors) deliveries.push({ began: 0, ms: 0, fault: faultOf(result).code });
      told ||= Boolean(result.errors);
      const { finishedAt = null } = (result.data as Status | null | undefined)?.jobStatus ?? {};
      told ||= finishedAt !== null;
      if (finishedAt !== null && first) late += 1;
      else if (finishedAt !== null) deliveries.push({ began: 0, ms: Date.now() - Date.parse(finishedAt) });
      first = false;
      opened();
    })
      .then(() => {
        if (!told) deliveries.push({ began: 0, ms: 0, fault: 'ended early' });
      })
      .catch(
        (error: GraphFault) => void deliveries.push({ began: 0, ms: 0, fault: error.code ?? error.message }),
      )
      .finally(() => opened());
    return { isOpen, ended };
  };
  const streams: Promise<unknown>[] = [];
  for (let from = 0; from < subscriptions; from += OPENING) {
    const size = Math.min(OPENING, subscriptions - from);
    const batch = Array.from({ length: size }, (_, i) => follow(ids[(from + i) % JOBS] as string));
    streams.push(...batch.map(({ ended }) => ended));
    await Promise.all(batch.map(({ isOpen }) => isOpen));
  }
  const openMs = performance.now() - started;
  await pause(SETTLE_MS);
  const bytesOpen = residentBytes(pid);
  refusing = true;
  for (const socket of waiting) socket.destroy();
  await Promise.all(streams);
  const delivery = summarise(deliveries, (performance.now() - started) / 1_000);
  return { transport, openMs, bytesBefore, bytesOpen, late, delivery };
}

const phases: Phase[] = [];
for (const [transport, open] of Object.entries(STREAM_TRANSPORTS)) {
  if (values.restart) await restarted();
  // What the first subscriptions of all cost is not what one more costs.
  await measure(transport, open, JOBS);
  phases.push(await measure(transport, open, count));
  console.log(row(phases.at(-1) as Phase));
}
hole.close();

function row({ transport, openMs, bytesBefore, bytesOpen, late, delivery }: Phase): string {
  const each = ((bytesOpen - bytesBefore) / count / 1024).toFixed(1);
  const megabytes = (bytes: number) => Math.round(bytes / 1024 / 1024);
  const cells = [transport, Math.round(openMs), megabytes(bytesBefore), megabytes(bytesOpen), each];
  cells.push(
    delivery.p50,
    delivery.p95,
    delivery.p99,
    delivery.max,
    delivery.count,
    late,
    JSON.stringify(delivery.faults),
  );
  return `| ${cells.join(' | ')} |`;
}

const report = `# ${count} live subscriptions

${count} subscriptions to the state of ${JOBS} jobs, each on a connection of its own, over one gateway process${
  values.restart ? ', started afresh for each transport' : ''
}; delivery is
the time from the end of a job, as the ledger has it, to its arrival at each subscriber. Every job ends for
${Math.ceil(count / JOBS)} subscribers at once. ${cpus().length} CPU cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}; the client runs beside the servers.

| transport | opening ms | RSS before MB | RSS open MB | RSS each kB | p50 ms | p95 ms | p99 ms | max ms | delivered | too late | faults |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
${phases.map(row).join('\n')}
`;
await mkdir(values.out, { recursive: true });
const name = join(values.out, 'subscriptions.md');
await writeFile(name, report);
console.log(`written to ${name}`);
const isWhole = ({ delivery, late }: Phase) =>
  late === 0 && delivery.count === count && Object.keys(delivery.faults).length === 0;
process.exitCode = phases.every(isWhole) ? 0 : 1;
