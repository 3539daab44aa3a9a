import { type Fault, faultOf, UNREACHABLE } from './fault.ts';
import { type Credentials, ENDPOINT } from './graph.ts';
import { UPLOAD, type UploadData, type UploadVariables } from './job-operations.ts';

export type Upload = {
  readonly file: File;
  readonly patientId: UploadVariables['patientId'];
  readonly priority: UploadVariables['priority'];
  readonly idempotencyKey: string;
};
export type Sent = { readonly jobId: string } | { readonly fault: Fault };

/** Sends one file and resolves with its job, or why there is none. Never rejects.
 *  @param progress hears the share that was sent, 0 to 1 */
export type Send = (upload: Upload, progress: (share: number) => void, signal: AbortSignal) => Promise<Sent>;

/** By the GraphQL multipart request specification, over XMLHttpRequest: fetch does not tell how much was sent. */
export function uploads({ authorization, refused }: Credentials): Send {
  return ({ file, ...given }, progress, signal) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open('POST', ENDPOINT);
      request.responseType = 'text';
      const headers = {
        accept: 'application/graphql-response+json, application/json',
        'apollo-require-preflight': '1',
        ...authorization(),
      };
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
      request.onload = () => {
        const sent = sentOf(request.responseText);
        if ('fault' in sent && sent.fault.code === 'UNAUTHENTICATED') refused.set(true);
        resolve(sent);
      };
      request.onerror = () => resolve({ fault: UNREACHABLE });
      request.onabort = () => resolve({ fault: { code: 'ABORTED', message: 'Taken back' } });
      signal.addEventListener('abort', () => request.abort());
      const variables: UploadVariables = { files: [null], ...given };
      const body = new FormData();
      body.set('operations', JSON.stringify({ query: UPLOAD.text, variables }));
      body.set('map', JSON.stringify({ 0: ['variables.files.0'] }));
      body.set('0', file);
      request.send(body);
    });
}

type Body = { data?: UploadData | null; errors?: Parameters<typeof faultOf>[0][] };

/** @param text what the gateway answered; a proxy in front of it may answer otherwise */
export function sentOf(text: string): Sent {
  let body: Body;
  try {
    body = JSON.parse(text) as Body;
  } catch {
    return { fault: UNREACHABLE };
  }
  const payload = body.data?.radiographUpload;
  const job = payload?.jobs[0];
  if (job) return { jobId: job.id };
  const error = payload?.userErrors[0];
  if (error) return { fault: error };
  return { fault: body.errors?.[0] ? faultOf(body.errors[0]) : UNREACHABLE };
}
