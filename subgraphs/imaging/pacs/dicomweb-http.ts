import type { Readable } from 'node:stream';
import { Pool } from 'undici';
import { deadlineSignal } from '#common/deadline.ts';
import { DicomwebFault } from './dicomweb-fault.ts';
import type { PacsConfig } from './pacs-settings.ts';

export type DicomwebRequest = {
  readonly method: 'GET' | 'POST';
  /** Below the base of the server's services, with a slash first. */
  readonly path: string;
  readonly accept: string;
  readonly contentType?: string;
  readonly body?: Buffer;
  /** From the request to the last byte of the answer. */
  readonly deadlineMs: number;
  /** The caller's own. */
  readonly signal: AbortSignal;
};

export type DicomwebAnswer = {
  readonly status: number;
  readonly contentType: string | undefined;
  /** @throws DicomwebFault too_large after `most` bytes; late, abandoned, unreachable */
  bytes(most: number): AsyncGenerator<Buffer>;
};

export type DicomwebHttp = AsyncDisposable & {
  /** Sends a request and lets `read` have the answer; what `read` leaves of it is not fetched.
   *  @throws DicomwebFault, and what `read` throws */
  exchange<T>(request: DicomwebRequest, read: (answer: DicomwebAnswer) => Promise<T>): Promise<T>;
};

const CONNECT_MS = 3_000;
const CONNECTIONS = 8;

/** Requests to one DICOMweb server. No redirect is followed: it could lead anywhere, with our account. */
export function dicomwebHttp({ url, authorization }: PacsConfig): DicomwebHttp {
  const { origin, pathname } = new URL(url);
  const base = pathname.replace(/\/+$/, '');
  const pool = new Pool(origin, {
    connections: CONNECTIONS,
    connect: { timeout: CONNECT_MS },
    // A connection for each request: servers close idle ones within a second, and what is sent at that moment is lost.
    pipelining: 0,
    // The deadline rules.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    async exchange({ method, path, accept, contentType, body, deadlineMs, signal: caller }, read) {
      const signal = deadlineSignal(deadlineMs, caller);
      const fault = () => networkFault(signal, caller);
      const headers = {
        accept,
        ...(authorization !== undefined && { authorization }),
        ...(contentType !== undefined && { 'content-type': contentType }),
      };
      const request = { method, path: base + path, headers, body: body ?? null, signal };
      const answer = await pool.request(request).catch(() => {
        throw fault();
      });
      try {
        checkStatus(answer.statusCode);
        if (!['identity', undefined].includes(single(answer.headers['content-encoding'])))
          // It was not asked for: Orthanc 1.10 tears long answers that it compresses, and a short one may hold a bomb.
          throw new DicomwebFault('unusable', 'Expected an answer that is not compressed');
        return await read({
          status: answer.statusCode,
          contentType: single(answer.headers['content-type']),
          bytes: (most) => bounded(answer.body, most, fault),
        });
      } finally {
        answer.body.on('error', () => undefined).destroy();
      }
    },
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}

/** 409 is how a server says that it stored nothing, and why (PS3.18, 10.5.3). */
function checkStatus(status: number): void {
  if ((status >= 200 && status < 300) || status === 409) return;
  if (status === 404 || status === 410) throw new DicomwebFault('absent', 'It has no such thing', status);
  throw new DicomwebFault('refused', 'It answered with another status than wanted', status);
}

async function* bounded(body: Readable, most: number, fault: () => Error): AsyncGenerator<Buffer> {
  let bytes = 0;
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await chunks.next().catch(() => {
      throw fault();
    });
    if (done) return;
    bytes += (value as Buffer).length;
    if (bytes > most)
      throw new DicomwebFault('too_large', `Expected at most ${Math.ceil(most / 1024 / 1024)} MB, got more`);
    yield value as Buffer;
  }
}

/** The network's own errors name host and port: they go no further. */
function networkFault(signal: AbortSignal, caller: AbortSignal): DicomwebFault {
  if (caller.aborted) return new DicomwebFault('abandoned', 'The caller waits no longer');
  if (signal.aborted) return new DicomwebFault('late', 'It did not answer in time');
  return new DicomwebFault('unreachable', 'No connection, or a broken one');
}

const single = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header);
