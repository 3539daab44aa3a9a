import { Agent, fetch, type Response } from 'undici';
import { IrisFault } from './iris-fault.ts';

const CONNECT_MS = 3_000;
/** Far above a hundred predictions and every list that is asked for. */
const LARGEST_BODY = 2 * 1024 * 1024;
/** Faults before a byte was sent. */
const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_|ERR_TLS_|DEPTH_|SELF_SIGNED|UNABLE_TO_)/;

export type HttpRequest = {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** After `/api/atelier/`. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
};

export type HttpAnswer = {
  readonly status: number;
  readonly body: string;
  readonly cookies: readonly string[];
};

export type AtelierHttp = AsyncDisposable & {
  /** @throws IrisFault unreachable, timeout or protocol; without the address or what was sent */
  exchange(request: HttpRequest): Promise<HttpAnswer>;
};

/** Requests to the Atelier REST API of one IRIS.
 *  @param baseUrl with a path where IRIS stands behind a prefix */
export function atelierHttp(baseUrl: string): AtelierHttp {
  const api = `${baseUrl.replace(/\/+$/, '')}/api/atelier/`;
  // No limits of its own: fetch would give up on a training after 300 s; every call has its deadline.
  const agent = new Agent({ connect: { timeout: CONNECT_MS }, headersTimeout: 0, bodyTimeout: 0 });
  return {
    async exchange({ path, signal, ...request }) {
      try {
        // A redirect would be a page to log in, not an answer.
        const options = { ...request, signal, redirect: 'manual' as const, dispatcher: agent };
        const answer = await fetch(`${api}${path}`, options);
        const body = await boundedText(answer);
        return { status: answer.status, body, cookies: answer.headers.getSetCookie() };
      } catch (error) {
        throw error instanceof IrisFault ? error : networkFault(error, signal);
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

async function boundedText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > LARGEST_BODY)
      throw new IrisFault('protocol', { status: answer.status, outcomeUnknown: true });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The error of fetch names host and port, so only its code is looked at. */
function networkFault(error: unknown, signal: AbortSignal): IrisFault {
  if (signal.aborted) return new IrisFault('timeout', { outcomeUnknown: true });
  const { cause } = error as { cause?: { code?: unknown } };
  return new IrisFault('unreachable', { outcomeUnknown: !NEVER_SENT.test(String(cause?.code)) });
}
