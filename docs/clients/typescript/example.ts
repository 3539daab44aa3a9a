import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { radiographClient } from './radiograph-client.ts';

// RADIOGRAPH_URL=http://localhost:4000 node example.ts [FILE…]: each file from its upload to its heatmap, without arguments
// the synthetic sample of the gateway. Not for clinical use.
const { RADIOGRAPH_URL: url = 'http://localhost:4000', RADIOGRAPH_TOKEN: token } = process.env;
await using client = radiographClient(url, { ...(token && { token }) });

const paths = process.argv.slice(2);
const files =
  paths.length > 0
    ? await Promise.all(paths.map(async (path) => new File([await readFile(path)], basename(path))))
    : [await client.picture('/phantom.png')];
const { jobs, userErrors } = await client.upload(files, { patientId: '7' });
for (const { message } of userErrors) console.error(message);
for (const job of jobs) {
  for await (const { state, progress, error, radiograph } of client.follow(job.id)) {
    console.log(`${state} ${Math.round(progress * 100)} %${error ? `: ${error.message}` : ''}`);
    const reading = state === 'SUCCEEDED' && radiograph && (await client.read(radiograph.id));
    if (!reading) continue;
    const { classification, heatmap, patient } = reading;
    for (const { display, probability } of classification?.findings ?? [])
      console.log(`  ${display}: ${(probability * 100).toFixed(1)} %`);
    console.log(`  decision: ${classification?.decision}`);
    if (patient?.icuRisk) console.log(`  ICU risk: ${(patient.icuRisk.probability * 100).toFixed(1)} %`);
    if (!heatmap) continue;
    const path = `heatmap-${job.id}.jpg`;
    await writeFile(path, new Uint8Array(await (await client.picture(heatmap.image.url)).arrayBuffer()));
    console.log(`  heatmap: ${path}`);
  }
}
console.log('Not for clinical use.');
