import { createClient } from 'graphql-ws';
import {
  type GraphDocument,
  JOB_STATUS,
  type JobStatusSubscription,
  RADIOGRAPH_CLASSIFY,
  RADIOGRAPH_UPLOAD,
  type RadiographUploadMutation,
  type RadiographUploadMutationVariables,
  READ_RADIOGRAPH,
  type ReadingFragment,
  type ReadRadiographQueryVariables,
} from './generated/operations.ts';
import { dataOf, type GraphResult, RadiographFault } from './graph-result.ts';
import { multipartForm } from './multipart-form.ts';

/** A radiograph that the model has read. Never for clinical use without approval. */
export type Reading = ReadingFragment;
/** A job as it is now. */
export type JobStatus = JobStatusSubscription['jobStatus'];
/** One job for each file that was taken, in their order, and why the others were not. */
export type Uploaded = RadiographUploadMutation['radiographUpload'];
/** How a heatmap is drawn; by default of the most probable finding, in Turbo, at half opacity. */
export type HeatmapChoice = Omit<ReadRadiographQueryVariables, 'id'>;
export type UploadChoice = Omit<RadiographUploadMutationVariables, 'files'>;

export type RadiographClient = AsyncDisposable & {
  /** Queues one to 50 JPEG, PNG or DICOM files. @throws RadiographFault */
  upload(files: readonly Blob[], choice?: UploadChoice): Promise<Uploaded>;
  /** The job now and after every change, until it has ended; a connection that breaks is opened again.
   *  @throws RadiographFault */
  follow(jobId: string): AsyncGenerator<JobStatus, void>;
  /** What was found in a radiograph, with the address of its heatmap and the patient's ICU risk, in one query.
   *  @returns null when there is no such radiograph @throws RadiographFault */
  read(radiographId: string, choice?: HeatmapChoice): Promise<Reading | null>;
  /** Uploads a file, follows its job and reads the result.
   *  @throws RadiographFault with the code of the file or of the job when it fails */
  submit(file: Blob, choice?: UploadChoice & HeatmapChoice): Promise<Reading>;
  /** Sends one file and waits for its answer, without a job to follow. @throws RadiographFault */
  classify(
    file: Blob,
    choice?: Pick<UploadChoice, 'patientId' | 'idempotencyKey'> & HeatmapChoice,
  ): Promise<Reading>;
  /** The bytes behind an `image.url`. @throws RadiographFault NOT_FOUND when the address holds no more */
  picture(url: string): Promise<Blob>;
  /** Any other operation of the graph. @throws RadiographFault */
  request<Data, Variables>(document: GraphDocument<Data, Variables>, variables: Variables): Promise<Data>;
};

export type ClientOptions = {
  /** A JWT of the identity provider, where the gateway asks for one; a function is asked before each request. */
  readonly token?: string | (() => string | Promise<string>);
  /** Time for one answer. */
  readonly timeoutMs?: number;
};

const TIMEOUT_MS = 60_000;
/** With graphql-ws' pauses between them, which double, half a minute. */
const RETRIES = 5;

/** @param address of the gateway, such as http://localhost:4000 */
export function radiographClient(address: string, options: ClientOptions = {}): RadiographClient {
  const { token, timeoutMs = TIMEOUT_MS } = options;
  const base = address.replace(/\/+$/, '');
  const credentials = async (): Promise<Record<string, string>> => {
    const bearer = typeof token === 'function' ? await token() : token;
    return bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  };
  const socket = createClient({
    url: `${base.replace(/^http/, 'ws')}/graphql`,
    connectionParams: credentials,
    retryAttempts: RETRIES,
    shouldRetry: (fault) => !isRefusal(fault),
  });

  async function send<Data>(body: string | FormData): Promise<Data> {
    // JSON is never sent across sites without asking; for a form this header shows that no other site's page sends it.
    const kind: Record<string, string> =
      typeof body === 'string' ? { 'content-type': 'application/json' } : { 'apollo-require-preflight': '1' };
    const headers = { ...(await credentials()), ...kind, accept: 'application/json' };
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(`${base}/graphql`, { method: 'POST', headers, body, signal });
    return dataOf((await answer.json()) as GraphResult<Data>);
  }

  const client: RadiographClient = {
    request: (document, variables) => send(JSON.stringify({ query: document, variables })),

    async upload(files, choice = {}) {
      const variables = { ...choice, files: files.map(() => null) };
      const form = multipartForm({ query: RADIOGRAPH_UPLOAD, variables }, 'files', files);
      return (await send<RadiographUploadMutation>(form)).radiographUpload;
    },

    async *follow(jobId) {
      try {
        for await (const result of socket.iterate({ query: JOB_STATUS, variables: { id: jobId } }))
          yield dataOf(result as GraphResult<JobStatusSubscription>).jobStatus;
      } catch (fault) {
        if (!isRefusal(fault)) throw fault;
        throw new RadiographFault({ code: 'UNAUTHENTICATED', message: 'The token is not good' });
      }
    },

    async read(radiographId, choice = {}) {
      return (await client.request(READ_RADIOGRAPH, { ...choice, id: radiographId })).radiograph;
    },

    async submit(file, { patientId = null, idempotencyKey = null, priority, ...heatmap } = {}) {
      const choice = { patientId, idempotencyKey, ...(priority && { priority }) };
      const { jobs, userErrors } = await client.upload([file], choice);
      const [job] = jobs;
      if (!job) throw new RadiographFault(userErrors[0]);
      for await (const { state, error, radiograph } of client.follow(job.id)) {
        if (state === 'FAILED' || state === 'CANCELLED')
          throw new RadiographFault(error ?? { message: `The job is ${state}` });
        const reading = state === 'SUCCEEDED' && radiograph && (await client.read(radiograph.id, heatmap));
        if (reading) return reading;
      }
      throw new RadiographFault({ message: 'The job ended without a result' });
    },

    async classify(file, choice = {}) {
      const variables = { ...choice, file: null };
      const form = multipartForm({ query: RADIOGRAPH_CLASSIFY, variables }, 'file', file);
      const { radiographClassify } = await send<{
        radiographClassify: { radiograph: Reading | null; userErrors: { code: string; message: string }[] };
      }>(form);
      if (!radiographClassify.radiograph) throw new RadiographFault(radiographClassify.userErrors[0]);
      return radiographClassify.radiograph;
    },

    async picture(url) {
      const answer = await fetch(new URL(url, base), { signal: AbortSignal.timeout(timeoutMs) });
      if (!answer.ok) throw new RadiographFault({ code: 'NOT_FOUND', message: 'There is no such picture' });
      return answer.blob();
    },

    async [Symbol.asyncDispose]() {
      await socket.dispose();
    },
  };
  return client;
}

/** The gateway closes a socket whose token it does not take with 4403 (graphql-ws: Forbidden). */
function isRefusal(fault: unknown): boolean {
  return (fault as { code?: unknown } | null)?.code === 4403;
}
