import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { StagingBlobStore } from '#common/blob-store.ts';
import { RadiographError } from '#common/errors.ts';
import { sealClaim } from '#common/upload-claim.ts';
import type { UploadMetrics } from '../gateway-metrics.ts';
import type { PersistedOperations } from '../guard/persisted-operations.ts';
import { takeFile } from './file-intake.ts';
import { multipartRequest } from './multipart-request.ts';
import type { Staging } from './staged-uploads.ts';

/** A request may hold several files, but not without end. */
const FILES_AT_FULL_SIZE = 4;
const SMALLEST_REQUEST_LIMIT = 512 * 1024 * 1024;

/** Enters an upload of a request's caller until it is answered. @throws RadiographError RATE_LIMITED */
export type BeginUpload = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

export type UploadOptions = {
  readonly blobs: StagingBlobStore;
  readonly claimKey: Buffer;
  readonly maxFileBytes: number;
  readonly taken: UploadMetrics['taken'];
  readonly staging: Staging;
  readonly begin: BeginUpload;
  /** How long a client may send nothing. */
  readonly stuckMs: number;
};

/** Teaches the routes of `http` multipart bodies: each file is taken in at once and replaced by its signed claim. */
export function acceptUploads(
  http: FastifyInstance,
  options: UploadOptions & { readonly persisted: PersistedOperations },
): void {
  const { blobs, claimKey, maxFileBytes, taken, persisted, staging, begin, stuckMs } = options;
  const maxBytes = Math.max(SMALLEST_REQUEST_LIMIT, FILES_AT_FULL_SIZE * maxFileBytes);
  // All that can be refused without the body is refused before it is read.
  http.addHook('onRequest', async (request, reply) => {
    if (!isMultipart(request)) return;
    // A browser sends multipart across sites without asking; this header it does not. Apollo checks it too, but
    // only after the whole body has been read.
    if (!('apollo-require-preflight' in request.headers))
      throw new RadiographError(
        'BAD_USER_INPUT',
        'Expected the header apollo-require-preflight with a multipart request',
      );
    await begin(request, reply);
  });
  http.addContentTypeParser(
    'multipart/form-data',
    async (_request: FastifyRequest, body: IncomingMessage) => {
      const { operations, files: uploads } = await multipartRequest(body, {
        maxBytes,
        stuckMs,
        check: (operations) => void persisted.bodyOf(operations),
        async take(file) {
          const { claim, keep, discard } = await takeFile(file, blobs, maxFileBytes);
          taken(claim);
          return { claim: sealClaim(claimKey, claim), keep, discard };
        },
      });
      staging.add(body, uploads);
      return operations;
    },
  );
}

function isMultipart(request: FastifyRequest): boolean {
  // Names of media types are the same in either case (RFC 9110, 8.3.1).
  return /^\s*multipart\//i.test(request.headers['content-type'] ?? '');
}
