import type { IncomingMessage } from 'node:http';

/** The files of one request, which are here and not stored yet. */
export type StagedUploads = {
  /** Stores them durably, once. */
  keep(): Promise<void>;
};

type File = { keep(): Promise<void>; discard(): Promise<void> };

/** Holds the files of requests until a subgraph is to hear of them. Those of a request that asks none are discarded
 *  when it is over: it was refused, its caller lacks the scope, or it has no use for them. */
export function stagedUploads() {
  const staged = new WeakMap<IncomingMessage, StagedUploads & { discard(): void }>();
  return {
    of: (request: IncomingMessage): StagedUploads | undefined => staged.get(request),
    add(request: IncomingMessage, files: readonly File[]): void {
      let kept: Promise<void> | undefined;
      const keepAll = async () => {
        for (const file of files) await file.keep();
      };
      const discard = () => {
        if (!kept) for (const file of files) void file.discard().catch(() => undefined);
      };
      staged.set(request, {
        discard,
        keep() {
          kept ??= keepAll();
          return kept;
        },
      });
      // Its end is past already.
      if (request.socket.destroyed) discard();
    },
    end: (request: IncomingMessage): void => staged.get(request)?.discard(),
  };
}

export type Staging = ReturnType<typeof stagedUploads>;
