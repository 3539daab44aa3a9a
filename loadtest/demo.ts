import { mkdir, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { parseArgs } from 'node:util';
import { type GraphClient, graphClient, type NamedFile, namedFile } from './graph-client.ts';

const UPLOAD = `mutation ($files: [Upload!]!, $patientId: ID) {
  radiographUpload(input: { files: $files, patientId: $patientId }) {
    jobs { id }
    userErrors { code message field }
  }
}`;

const FOLLOW = `subscription ($id: ID!) {
  jobStatus(id: $id) {
    state
    progress
    error { code message }
    radiograph {
      classification {
        findings { display probability }
        decision
        indeterminateReason
        threshold
        cached
        pool
        model { name version }
      }
      heatmap { image { url mediaType } peak { x y } }
      patient { id icuRisk { probability willBeAdmitted threshold } }
    }
  }
}`;

type Uploaded = {
  radiographUpload: {
    jobs: { id: string }[];
    userErrors: { code: string; message: string; field: string[] | null }[];
  };
};
type Reading = {
  classification: {
    findings: { display: string; probability: number }[];
    decision: string;
    indeterminateReason: string | null;
    threshold: number;
    cached: boolean;
    pool: string | null;
    model: { name: string; version: string };
  } | null;
  heatmap: { image: { url: string; mediaType: string }; peak: { x: number; y: number } } | null;
  patient: {
    id: string;
    icuRisk: { probability: number; willBeAdmitted: boolean; threshold: number } | null;
  } | null;
};
type Status = {
  jobStatus: {
    state: string;
    progress: number;
    error: { code: string; message: string } | null;
    radiograph: Reading | null;
  };
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: `http://localhost:${process.env.PORT || 4000}` },
    patient: { type: 'string', default: '7' },
    out: { type: 'string', default: 'radiograph-demo' },
  },
});

try {
  await using client = graphClient(values.url);
  const files =
    positionals.length > 0 ? await Promise.all(positionals.map(namedFile)) : [await sample(client)];
  await mkdir(values.out, { recursive: true });
  const { jobs, userErrors } = (await client.upload<Uploaded>(UPLOAD, files, { patientId: values.patient }))
    .radiographUpload;
  const refused = new Map(userErrors.map((error) => [Number(error.field?.at(-1)), error]));
  const taken = files.filter((_, index) => !refused.has(index));
  for (const [index, { code, message }] of refused)
    console.error(`${files[index]?.name ?? 'upload'}: ${code}: ${message}`);
  const read = await Promise.all(jobs.map(({ id }, index) => follow(client, id, taken[index]?.name ?? id)));
  console.log('\nNot for clinical use: the models are demonstrations.');
  process.exitCode = refused.size === 0 && read.every(Boolean) ? 0 : 1;
} catch (error) {
  const down = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  console.error(
    down
      ? `Nothing answers at ${values.url}: start it with npm start`
      : error instanceof Error
        ? error.message
        : error,
  );
  process.exitCode = 1;
}

/** The synthetic sample that the gateway offers on its page. */
async function sample(client: GraphClient): Promise<NamedFile> {
  return { name: 'phantom.png', content: await client.picture('/phantom.png') };
}

/** @returns whether the radiograph was read */
async function follow(client: GraphClient, id: string, name: string): Promise<boolean> {
  for await (const { jobStatus } of client.follow<Status>(FOLLOW, { id })) {
    const { state, progress, error, radiograph } = jobStatus;
    console.log(
      `${name}: ${state} ${Math.round(progress * 100)} %${error ? ` ${error.code}: ${error.message}` : ''}`,
    );
    if (state === 'SUCCEEDED' && radiograph) {
      console.log(await report(client, name, radiograph));
      return true;
    }
  }
  return false;
}

async function report(client: GraphClient, name: string, { classification, heatmap, patient }: Reading) {
  const lines = [`\n${name}`];
  if (classification) {
    const { findings, decision, indeterminateReason, threshold, cached, pool, model } = classification;
    const ground = indeterminateReason ?? findings[0]?.display;
    lines.push(`  decision   ${decision}: ${ground} (threshold ${percent(threshold)})`);
    for (const { display, probability } of findings)
      lines.push(`    ${display.padEnd(22)} ${percent(probability)}`);
    lines.push(
      `  model      ${model.name} version ${model.version}, pool ${pool}${cached ? ', from the cache' : ''}`,
    );
  }
  if (heatmap) {
    const path = join(
      values.out,
      `${parse(name).name}-heatmap.${heatmap.image.mediaType === 'image/png' ? 'png' : 'jpg'}`,
    );
    await writeFile(path, await client.picture(heatmap.image.url));
    const { x, y } = heatmap.peak;
    lines.push(`  heatmap    ${path} (peak at ${Math.round(x)}, ${Math.round(y)})`);
  } else lines.push('  heatmap    not available');
  if (patient?.icuRisk) {
    const { probability, willBeAdmitted, threshold } = patient.icuRisk;
    const side = willBeAdmitted ? 'at or above' : 'below';
    lines.push(
      `  ICU risk   ${percent(probability)} for patient ${patient.id}, ${side} the threshold of ${percent(threshold)}`,
    );
  } else lines.push('  ICU risk   not available');
  return lines.join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
