import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { distinctPictures } from './distinct-pictures.ts';
import { GraphFault, graphClient } from './graph-client.ts';
import { openLoop, type Summary, summarise } from './open-loop.ts';

// Sends radiographs to a running Radiograph and measures from the upload to the final state of each job.
// npm run loadtest -- [--url URL] [--count 200] [--rate 20 | --rate all] [--out FOLDER] [FILE]

const UPLOAD = `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files }) { jobs { id } userErrors { code message } } }`;
const FOLLOW = `subscription ($id: ID!) {
  jobStatus(id: $id) { state error { code message } radiograph { classification { decision cached } heatmap { image { url } } } } }`;

type Uploaded = {
  radiographUpload: { jobs: { id: string }[]; userErrors: { code: string; message: string }[] };
};
type Status = {
  jobStatus: {
    state: string;
    error: { code: string; message: string } | null;
    radiograph: { classification: object | null; heatmap: object | null } | null;
  };
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: `http://localhost:${process.env.PORT || 4000}` },
    count: { type: 'string', default: '200' },
    rate: { type: 'string', default: '20' },
    out: { type: 'string', default: join(import.meta.dirname, 'reports') },
  },
});
const count = Number(values.count);
const rate = values.rate === 'all' ? Number.POSITIVE_INFINITY : Number(values.rate);
if (!Number.isInteger(count) || count < 1 || !(rate > 0))
  throw new Error('Expected --count as a whole number above 0 and --rate as a number above 0 or "all"');

await using client = graphClient(values.url);
const [path] = positionals;
const pictures = await distinctPictures(
  path ? await readFile(path) : await client.picture('/phantom.png'),
  count + 5,
);

/** From the upload to classification and heatmap in one event. */
async function classify(picture: Buffer): Promise<void> {
  const file = { name: 'radiograph.png', content: new Blob([new Uint8Array(picture)]) };
  const { jobs, userErrors } = (await client.upload<Uploaded>(UPLOAD, [file])).radiographUpload;
  const [job] = jobs;
  if (!job) throw new GraphFault(userErrors[0]?.message ?? 'No job', userErrors[0]?.code);
  for await (const { jobStatus } of client.follow<Status>(FOLLOW, { id: job.id })) {
    if (jobStatus.state === 'FAILED') throw new GraphFault('The job failed', jobStatus.error?.code);
    if (jobStatus.state !== 'SUCCEEDED') continue;
    if (!jobStatus.radiograph?.classification || !jobStatus.radiograph.heatmap)
      throw new GraphFault('The answer is not whole');
    return;
  }
  throw new GraphFault('The subscription ended before the job');
}

async function run(chosen: readonly Buffer[]): Promise<Summary> {
  const started = performance.now();
  const attempts = await openLoop(chosen.length, rate, (index) => classify(chosen[index] as Buffer));
  return summarise(attempts, (performance.now() - started) / 1_000);
}

await Promise.all(pictures.slice(count).map(classify));
const cold = await run(pictures.slice(0, count));
const warm = await run(pictures.slice(0, count));
const report = {
  what: 'upload to classification and heatmap by subscription, times in ms',
  arrivals: values.rate === 'all' ? 'all at once' : `${rate} a second, Poisson`,
  machine: `${cpus().length} CPU cores; the client runs beside the servers`,
  cold,
  warm,
};
await mkdir(values.out, { recursive: true });
const name = join(values.out, `uploads-${count}-${values.rate}.json`);
await writeFile(name, `${JSON.stringify(report, null, 2)}\n`);
console.log(JSON.stringify(report, null, 2));
console.log(`written to ${name}`);
process.exitCode = Object.keys({ ...cold.faults, ...warm.faults }).length > 0 ? 1 : 0;
