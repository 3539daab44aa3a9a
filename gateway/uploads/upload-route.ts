import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Counter } from 'prom-client';
import type { StagingBlobStore } from '#common/blob-store.ts';
import { RadiographError } from '#common/errors.ts';
import { sealClaim } from '#common/upload-claim.ts';
import { takeFile } from './file-intake.ts';
import { multipartRequest } from './multipart-request.ts';

/** A request may hold several files, but not without end. */
const FILES_AT_FULL_SIZE = 4;
const SMALLEST_REQUEST_LIMIT = 512 * 1024 * 1024;

/** Enters an upload of a request's caller, and gives what ends it. @throws RadiographError RATE_LIMITED */
export type BeginUpload = (request: FastifyRequest) => () => void;

export type UploadOptions = {
  readonly blobs: StagingBlobStore;
  readonly claimKey: Buffer;
  readonly maxFileBytes: number;
  readonly files: Counter<'outcome'>;
  readonly begin: BeginUpload;
  /** How long a client may send nothing. */
  readonly stuckMs: number;
};

/** Teaches the server multipart bodies: each file is stored at once and replaced by its signed claim. */
export function acceptUploads(
  http: FastifyInstance,
  { blobs, claimKey, maxFileBytes, files, begin, stuckMs }: UploadOptions,
): void {
  const maxBytes = Math.max(SMALLEST_REQUEST_LIMIT, FILES_AT_FULL_SIZE * maxFileBytes);
  // All that can be refused without the body is refused before it is read.
  http.addHook('onRequest', async (request, reply) => {
    if (!isMultipart(request) || request.routeOptions.url !== '/graphql') return;
    // A browser sends multipart across sites without asking; this header it does not. Apollo checks it too, but
    // only after the whole body has been read.
    if (!('apollo-require-preflight' in request.headers))
      throw new RadiographError(
        'BAD_USER_INPUT',
        'Expected the header apollo-require-preflight with a multipart request',
      );
    reply.raw.once('close', begin(request));
  });
  http.addContentTypeParser('multipart/form-data', (_request: FastifyRequest, body: IncomingMessage) =>
    multipartRequest(body, {
      maxBytes,
      stuckMs,
      async take(file) {
        const { claim, keep, discard } = await takeFile(file, blobs, maxFileBytes);
        files.inc({ outcome: claim.kept ? 'kept' : claim.code });
        return { claim: sealClaim(claimKey, claim), keep, discard };
      },
    }),
  );
}

function isMultipart(request: FastifyRequest): boolean {
  return request.headers['content-type']?.startsWith('multipart/') ?? false;
}
