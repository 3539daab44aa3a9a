import type { Readable } from 'node:stream';
import { AwsV4Signer } from 'aws4fetch';
import { ExponentialBackoff, handleType, retry } from 'cockatiel';
import { type Dispatcher, request } from 'undici';
import { RadiographError } from './errors.ts';
import { storageFull } from './storage-fault.ts';

export type S3Settings = {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** `endpoint/bucket/key`, as most servers beside Amazon's want it, instead of `bucket.endpoint/key`. */
  readonly forcePathStyle: boolean;
};

/** Bytes to send, as often as it takes. */
export type S3Body = {
  readonly bytes: number;
  /** Hexadecimal; the server refuses other bytes. */
  readonly sha256: string;
  readonly open: () => Readable;
};

export type S3Bucket = {
  put(key: string, body: S3Body, ifMatch?: string): Promise<'stored' | 'changed'>;
  /** @param firstBytes how many of them, all when it is left out */
  get(key: string, firstBytes?: number): Promise<{ bytes: Buffer; etag: string } | undefined>;
  /** When the object was stored last, in ms since 1970. */
  head(key: string): Promise<number | undefined>;
  delete(key: string): Promise<void>;
  list(prefix: string): AsyncIterable<{ key: string; storedAt: number }>;
  /** Makes the bucket itself, where the account does not have it yet. */
  make(): Promise<'made' | 'there'>;
};

/** How long a server may say nothing, how long a transfer may take (64 MB at 1 MB/s), and the pause before the first
 *  repetition, which doubles. */
const PATIENCE = { silentMs: 10_000, transferMs: 64_000, firstPauseMs: 200 };
const MOST_RETRIES = 3;
const NO_BYTES = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** The server had no answer, or said that a later attempt may have one. */
class Passing extends Error {
  override name = 'Passing';
}

/** The few operations of the S3 API (2006-03-01) that a blob store needs, signed (AWS Signature Version 4), each with
 *  deadlines and repeated after passing faults: all of them can be done twice.
 *  @throws RadiographError OVERLOADED when the server is full or cannot be reached */
export function s3Bucket(settings: S3Settings, patience = PATIENCE): S3Bucket {
  const { bucket, forcePathStyle } = settings;
  const { silentMs, transferMs, firstPauseMs } = patience;
  const base = new URL(settings.endpoint);
  const path = forcePathStyle ? `/${bucket}/` : '/';
  if (!forcePathStyle) base.hostname = `${bucket}.${base.hostname}`;
  const again = retry(handleType(Passing), {
    maxAttempts: MOST_RETRIES,
    backoff: new ExponentialBackoff({ initialDelay: firstPauseMs }),
  });

  const once = async (
    method: 'GET' | 'HEAD' | 'PUT' | 'DELETE',
    target: string,
    headers: Record<string, string> = {},
    body?: S3Body,
  ) => {
    const signer = new AwsV4Signer({
      ...{ method, url: new URL(path + target, base).href, service: 's3', ...settings },
      headers: { ...headers, 'x-amz-content-sha256': body?.sha256 ?? NO_BYTES },
    });
    const signed = await signer.sign();
    const answer = await request(signed.url, {
      method,
      headers: {
        ...Object.fromEntries(signed.headers),
        ...(body && { 'content-length': String(body.bytes) }),
      },
      body: body?.open() ?? null,
      headersTimeout: body ? transferMs : silentMs,
      bodyTimeout: silentMs,
      signal: AbortSignal.timeout(transferMs),
    }).catch(passing);
    return { status: answer.statusCode, headers: answer.headers, bytes: await bytesOf(answer) };
  };

  const send = (...call: Parameters<typeof once>) =>
    again
      .execute(async () => {
        const answer = await once(...call);
        if (answer.status === 507) throw storageFull(new Error('The bucket answers 507'));
        if (answer.status >= 500 || answer.status === 429)
          throw new Passing(`The bucket answers ${answer.status}`);
        return answer;
      })
      .catch((cause: unknown) => {
        if (!(cause instanceof Passing)) throw cause;
        throw new RadiographError('OVERLOADED', 'The image store cannot be reached; try again later', {
          cause,
        });
      });

  return {
    async put(key, body, ifMatch) {
      const { status, bytes } = await send('PUT', key, ifMatch ? { 'if-match': ifMatch } : {}, body);
      if (ifMatch && (status === 412 || status === 404 || status === 409)) return 'changed';
      expectStatus([200], status, bytes);
      return 'stored';
    },

    async get(key, firstBytes) {
      const { status, bytes, headers } = await send('GET', key, {
        ...(firstBytes !== undefined && { range: `bytes=0-${firstBytes - 1}` }),
      });
      // A bucket that is not there is a fault: it must not look like images that are gone.
      if (status === 404 && codeOf(bytes) !== 'NoSuchBucket') return undefined;
      expectStatus([200, 206], status, bytes);
      return { bytes, etag: String(headers.etag) };
    },

    async head(key) {
      const { status, bytes, headers } = await send('HEAD', key);
      if (status === 404) return undefined;
      expectStatus([200], status, bytes);
      return Date.parse(String(headers['last-modified']));
    },

    async delete(key) {
      const { status, bytes } = await send('DELETE', key);
      expectStatus([200, 204], status, bytes);
    },

    async *list(prefix) {
      let after = '';
      for (let more = true; more; ) {
        const query = new URLSearchParams({ 'list-type': '2', prefix });
        if (after !== '') query.set('start-after', after);
        const { status, bytes } = await send('GET', `?${query}`);
        expectStatus([200], status, bytes);
        const page = bytes.toString();
        for (const [, entry = ''] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
          after = textOf(entry, 'Key') ?? '';
          yield { key: after, storedAt: Date.parse(textOf(entry, 'LastModified') ?? '') };
        }
        more = textOf(page, 'IsTruncated') === 'true';
      }
    },

    async make() {
      if ((await send('HEAD', '')).status === 200) return 'there';
      const { status, bytes } = await send('PUT', '');
      expectStatus([200], status, bytes);
      return 'made';
    },
  };
}

async function bytesOf({ body }: Dispatcher.ResponseData): Promise<Buffer> {
  return Buffer.from(await body.arrayBuffer().catch(passing));
}

function passing(cause: unknown): never {
  throw new Passing('The bucket gives no answer', { cause });
}

function expectStatus(expected: readonly number[], status: number, body: Buffer): void {
  if (expected.includes(status)) return;
  throw new Error(
    `Expected status ${expected.join(' or ')} of the bucket, got ${status} (${codeOf(body) ?? 'no code'})`,
  );
}

const codeOf = (body: Buffer) => textOf(body.toString(), 'Code');

/** The text of an element; our keys and the server's codes hold nothing that XML escapes. */
function textOf(xml: string, element: string): string | undefined {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
}
