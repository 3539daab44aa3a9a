import sharp from 'sharp';
import { openFolderBlobStore } from '#common/folder-blob-store.ts';
import { openKeys } from '#common/keys.ts';
import { asGateway } from '#common/testing/as-gateway.ts';
import { sealClaim } from '#common/upload-claim.ts';

export type Answer<Data> = {
  data: Data;
  errors?: { message: string; path?: string[]; extensions: { code: string } }[];
};

export type Client = Awaited<ReturnType<typeof imagingClient>>;

/** Speaks to an imaging subgraph in place of the gateway: it keeps the bytes and sends the claim. */
export async function imagingClient(url: string, dataDir: string) {
  const keys = await openKeys(dataDir);
  const blobs = await openFolderBlobStore(dataDir, keys);
  const claimKey = keys('upload-claim');
  return {
    url,
    claimKey,
    authorized: () => asGateway(dataDir, 'imaging'),
    async claim(bytes: Buffer, now = Date.now()): Promise<string> {
      return sealClaim(claimKey, { kept: true, ...(await blobs.put([bytes])) }, now);
    },
    async ask<Data>(query: string, variables: object = {}, headers: Record<string, string> = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(await asGateway(dataDir, 'imaging')), ...headers },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as Answer<Data>;
    },
  };
}

export type Uploaded = {
  radiographUpload: {
    jobs: { id: string; radiograph: { id: string } }[];
    userErrors: { code: string; message: string; field: string[] }[];
  };
};

const UPLOAD = `mutation ($files: [Upload!]!, $patient: ID) {
  radiographUpload(input: { files: $files, patientId: $patient }) {
    jobs { id state radiograph { id } } userErrors { code message field } } }`;

export async function uploadClaims(client: Client, files: readonly unknown[], patient: string | null = null) {
  const { data, errors } = await client.ask<Uploaded>(UPLOAD, { files, patient });
  if (errors) throw new Error(`Expected an upload without errors, got: ${JSON.stringify(errors)}`);
  return data.radiographUpload;
}

export async function upload(client: Client, pictures: readonly Buffer[], patient: string | null = null) {
  return uploadClaims(client, await Promise.all(pictures.map((bytes) => client.claim(bytes))), patient);
}

export type JobState = {
  job: { state: string; attempts: number; error: { code: string } | null; radiograph: Classified };
};
export type Classified = {
  id: string;
  classification: { cached: boolean; finding: { code: string; probability: number } } | null;
};

const JOB = `query ($id: ID!) { job(id: $id) { state progress attempts createdAt startedAt finishedAt error { code }
  radiograph { id format width height classification { cached finding { code probability } } } } }`;

/** Asks how a job stands; for `expect.poll`. */
export async function jobOf(client: Client, id: string | undefined) {
  return (await client.ask<JobState>(JOB, { id })).data.job;
}

/** A grey picture that decodes; `seed` makes it unlike others. */
export function picture(format: 'jpeg' | 'png', seed: number): Promise<Buffer> {
  const [width, height] = [120, 90];
  const grey = Uint8Array.from({ length: width * height }, (_, i) => (i * 7 + seed * 31 + (i % width)) % 256);
  return sharp(grey, { raw: { width, height, channels: 1 } })
    .toFormat(format)
    .toBuffer();
}
