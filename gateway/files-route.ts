import type { FastifyInstance } from 'fastify';
import type { BlobStore } from '#common/blob-store.ts';
import { RadiographError } from '#common/errors.ts';
import { openFileToken } from '#common/file-token.ts';

/** `GET /files/<token>`: a stored picture for whoever was handed the link, while it lives. No browser keeps it, as none
 *  keeps other answers: it would outlive a deletion and whoever has signed out. */
export function serveFiles(http: FastifyInstance, blobs: BlobStore, key: Buffer): void {
  http.get<{ Params: { token: string } }>('/files/:token', async ({ params }, reply) => {
    const file = openFileToken(key, params.token);
    const bytes = file && (await blobs.get(file.address));
    if (!file || !bytes)
      throw new RadiographError('NOT_FOUND', 'This link is not valid any more: ask the graph for a new one');
    return reply
      .type(file.mediaType)
      .header('cache-control', 'no-store')
      .header('x-content-type-options', 'nosniff')
      .header('content-security-policy', "default-src 'none'")
      .header('content-disposition', 'inline')
      .send(bytes);
  });
}
