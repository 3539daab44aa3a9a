import { setTimeout as pause } from 'node:timers/promises';
import { ask, upload } from '../system.ts';
import { ANSWER_MS } from './hospital.ts';

/** Upload requests have a variable for their files alone, so the key stands in the text. */
const uploadAs = (key: string | null) => `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files, idempotencyKey: ${JSON.stringify(key)} }) {
  jobs { id } userErrors { code } } }`;
const READ = `query ($id: ID!) { job(id: $id) { state error { code } radiograph {
  classification { findings { code probability } } heatmap { peak { x y } } } } }`;

/** What a gateway that answers may take beyond its own deadline on a busy machine. */
const GRACE_MS = 5_000;

/** What became of one request: an answer, or the code of a refusal. */
export type Outcome<T> =
  | { readonly answer: T; readonly refusal?: never }
  | { readonly refusal: string; readonly answer?: never };

/** How a job reads; a part that could not be brought is null. */
export type Reading = {
  readonly state: string;
  readonly error: { readonly code: string } | null;
  readonly radiograph: {
    readonly classification: { findings: { code: string; probability: number }[] } | null;
    readonly heatmap: { peak: { x: number; y: number } } | null;
  } | null;
};

/** A request that had no answer at all: whoever was asked died, or was not there. */
export const NO_ANSWER = 'no answer';
/** A request that was answered too late, if at all. */
export const HUNG = 'hung';

/** Sends a file once. @param key under which it may be sent again
 *  @returns the id of its job, once it is acknowledged */
export function send(url: string, file: Buffer, key: string | null = null): Promise<Outcome<string>> {
  return outcome<string>(async (signal) => {
    const { data, errors } = (await upload(url, uploadAs(key), [file], signal)) as unknown as Sent;
    const [job] = data?.radiographUpload?.jobs ?? [];
    if (job) return { answer: job.id };
    return { refusal: codeOf(data?.radiographUpload?.userErrors[0]?.code ?? errors?.[0]?.extensions.code) };
  });
}

/** Reads a job with its result and heatmap. */
export function read(url: string, id: string): Promise<Outcome<Reading>> {
  return outcome<Reading>(async (signal) => {
    const { data, errors } = (await ask(url, READ, { id }, signal)) as unknown as Read;
    return data?.job ? { answer: data.job } : { refusal: codeOf(errors?.[0]?.extensions.code) };
  });
}

/** Reads a job until it is whole: ended, with all that belongs to it. @throws Error when that takes too long */
export async function readWhole(urls: readonly string[], id: string, until: number): Promise<Reading> {
  for (let tried = 0; ; tried += 1) {
    const got = await read(urls[tried % urls.length] ?? '', id);
    if (got.answer && isWhole(got.answer)) return got.answer;
    if (Date.now() > until) throw new Error(`Job ${id} is not whole: ${JSON.stringify(got)}`);
    await pause(200);
  }
}

function isWhole({ state, radiograph }: Reading): boolean {
  if (state !== 'SUCCEEDED') return state === 'FAILED' || state === 'CANCELLED';
  return radiograph?.classification != null && radiograph.heatmap != null;
}

async function outcome<T>(request: (signal: AbortSignal) => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const signal = AbortSignal.timeout(ANSWER_MS + GRACE_MS);
  try {
    return await request(signal);
  } catch (error) {
    if (signal.aborted) return { refusal: HUNG };
    // An answer that breaks off in the middle is none.
    if (error instanceof TypeError || error instanceof SyntaxError) return { refusal: NO_ANSWER };
    throw error;
  }
}

const codeOf = (code: string | undefined) => code ?? 'no code';

type Errors = { extensions: { code: string } }[];
type Sent = {
  data?: { radiographUpload: { jobs: { id: string }[]; userErrors: { code: string }[] } | null } | null;
  errors?: Errors;
};
type Read = { data?: { job: Reading | null } | null; errors?: Errors };
