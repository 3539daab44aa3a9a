import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import S3rver from 's3rver';
import type { S3Settings } from '../s3-bucket.ts';
import { isSigned } from './signature.ts';

const SECRET = 'S3RVER';

/** What becomes of the next requests: a status in place of the answer, a reset, or silence. */
export type Fault = number | 'reset' | 'silence';

export type TestBucket = AsyncDisposable & {
  readonly settings: S3Settings;
  /** Faults of the next requests, one each. */
  readonly faults: Fault[];
  /** Method and path of every request. */
  readonly requests: string[];
};

/** A bucket on a server that speaks S3's protocol, behind a proxy that has faults and checks signatures: the server
 *  itself lets anybody in. */
export async function startBucket(): Promise<TestBucket> {
  const directory = await mkdtemp(join(tmpdir(), 'bucket-'));
  const options = { address: '127.0.0.1', port: 0, silent: true, directory };
  const server = new S3rver({ ...options, configureBuckets: [{ name: 'images' }] });
  const { port } = await server.run();
  const faults: Fault[] = [];
  const requests: string[] = [];
  const proxy = createServer((incoming, answer) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    const fault = faults.shift();
    if (fault === 'reset') return incoming.socket.destroy();
    if (fault === undefined && isSigned(incoming, SECRET)) return void pass(port, incoming, answer);
    incoming.resume();
    if (fault === undefined) answer.writeHead(403).end('<Code>SignatureDoesNotMatch</Code>');
    else if (fault !== 'silence') answer.writeHead(fault).end();
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    settings: {
      ...{ endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, bucket: 'images' },
      ...{ region: 'us-east-1', forcePathStyle: true },
      ...{ accessKeyId: 'S3RVER', secretAccessKey: SECRET },
    },
    faults,
    requests,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The variables by which a service finds a bucket. */
export function bucketSettings({ settings }: TestBucket): Record<string, string> {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = settings;
  return {
    ...{ S3_ENDPOINT: endpoint, S3_BUCKET: bucket },
    ...{ S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey },
  };
}

/** A body goes on when all of it is there: unlike S3, the server itself would keep half an object. */
async function pass(port: number, incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { method, url, headers } = incoming;
  const body = await buffer(incoming).catch(() => undefined);
  if (!body) return;
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 500, reply.headers);
    reply.pipe(answer);
  });
  onward.on('error', () => incoming.socket.destroy());
  onward.end(body);
}
