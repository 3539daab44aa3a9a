import { type GraphClient, GraphFault } from '../graph-client.ts';

const CLASSIFY = `mutation Classify($file: Upload!) {
  radiographClassify(input: { file: $file }) {
    radiograph { id classification { finding { code probability } decision cached pool } heatmap { image { url } } }
    userErrors { code message }
  }
}`;
const CLASSIFY_ALONE = `mutation ClassifyAlone($file: Upload!) {
  radiographClassify(input: { file: $file }) {
    radiograph { id classification { finding { code probability } decision cached pool } }
    userErrors { code message }
  }
}`;
const UPLOAD = `mutation Upload($files: [Upload!]!) {
  radiographUpload(input: { files: $files }) { jobs { id } userErrors { code message } } }`;
const FOLLOW = `subscription Follow($id: ID!) {
  jobStatus(id: $id) { state error { code message }
    radiograph { classification { decision cached } heatmap { image { url } } } } }`;

type UserErrors = { code: string; message: string }[];
export type Reading = {
  readonly id: string;
  readonly classification: {
    readonly finding: { readonly code: string; readonly probability: number };
    readonly decision: string;
    readonly cached: boolean;
    readonly pool: string | null;
  } | null;
  readonly heatmap?: { readonly image: { readonly url: string } } | null;
};
type Classified = { radiographClassify: { radiograph: Reading | null; userErrors: UserErrors } };
type Uploaded = { radiographUpload: { jobs: { id: string }[]; userErrors: UserErrors } };
type Status = {
  jobStatus: {
    state: string;
    error: { code: string; message: string } | null;
    radiograph: Omit<Reading, 'id'> | null;
  };
};

/** One mutation that waits for classification and heatmap, then the heatmap's bytes. @throws GraphFault */
export async function classifyWithHeatmap(client: GraphClient, picture: Buffer): Promise<Reading> {
  const reading = await classified(client, CLASSIFY, picture);
  await heatmapBytes(client, reading);
  return reading;
}

/** One mutation that waits for the classification. @throws GraphFault */
export function classify(client: GraphClient, picture: Buffer): Promise<Reading> {
  return classified(client, CLASSIFY_ALONE, picture);
}

async function classified(client: GraphClient, query: string, picture: Buffer): Promise<Reading> {
  const { radiographClassify } = await client.uploadOne<Classified>(query, file(picture));
  const { radiograph, userErrors } = radiographClassify;
  const [refusal] = userErrors;
  if (refusal) throw new GraphFault(refusal.message, refusal.code);
  if (!radiograph?.classification) throw new GraphFault('The answer is not whole');
  return radiograph;
}

/** An upload, the job's end by subscription with classification and heatmap, then, where it is wanted, the heatmap's
 *  bytes. @throws GraphFault */
export async function uploadAndFollow(
  client: GraphClient,
  picture: Buffer,
  wantsBytes: boolean,
): Promise<void> {
  const { jobs, userErrors } = (await client.upload<Uploaded>(UPLOAD, [file(picture)])).radiographUpload;
  const [job] = jobs;
  if (!job) throw new GraphFault(userErrors[0]?.message ?? 'No job', userErrors[0]?.code);
  for await (const { jobStatus } of client.follow<Status>(FOLLOW, { id: job.id })) {
    if (jobStatus.state === 'FAILED') throw new GraphFault('The job failed', jobStatus.error?.code);
    if (jobStatus.state !== 'SUCCEEDED') continue;
    if (!jobStatus.radiograph?.classification || !jobStatus.radiograph.heatmap)
      throw new GraphFault('The answer is not whole');
    if (wantsBytes) await heatmapBytes(client, jobStatus.radiograph);
    return;
  }
  throw new GraphFault('The subscription ended before the job');
}

async function heatmapBytes(client: GraphClient, { heatmap }: Omit<Reading, 'id'>): Promise<void> {
  if (!heatmap) throw new GraphFault('The answer has no heatmap');
  const bytes = await client.picture(heatmap.image.url);
  if (bytes.length === 0) throw new GraphFault('The heatmap is empty');
}

function file(content: Buffer) {
  return { name: 'radiograph.jpg', content };
}
