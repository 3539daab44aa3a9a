import { availableParallelism } from 'node:os';
import { bulkhead } from 'cockatiel';
import type { Logger } from 'pino';
import { RadiographError } from '#common/errors.ts';
import { type Decoded, type DecoderThread, startDecoderThread, ThreadLost } from './decoder-thread.ts';

/** Reads DICOM files in threads, which it starts when there is something to read. */
export type DicomReader = AsyncDisposable & {
  /** @returns a grey picture for display, uint8 [rows, columns], and what is kept of the file beside it
   *  @throws RadiographError UNSUPPORTED_IMAGE, FILE_TOO_LARGE, OVERLOADED */
  read(file: Uint8Array): Promise<Decoded>;
};

const WORKER = new URL('./decoder-worker.ts', import.meta.url);
const MOST_THREADS = 2;
const QUEUE = 2_000;
/** The largest picture takes two seconds where the processor is shared with much else. */
const DEADLINE_MS = 15_000;
/** A thread keeps the memory of the largest picture that it has met. */
const IDLE_MS = 60_000;

type Options = { readonly deadlineMs?: number; readonly idleMs?: number; readonly script?: URL };

export function startDicomReader(logger: Logger, options: Options = {}): DicomReader {
  const { deadlineMs = DEADLINE_MS, idleMs = IDLE_MS, script = WORKER } = options;
  const turns = bulkhead(Math.min(MOST_THREADS, availableParallelism()), QUEUE);
  const idle: DecoderThread[] = [];
  const busy = new Set<DecoderThread>();
  let retiring: NodeJS.Timeout | undefined;
  const retire = () => Promise.all(idle.splice(0).map((thread) => thread.close()));

  return {
    async read(file) {
      if (turns.queueSlots === 0)
        throw new RadiographError('OVERLOADED', 'Too many files wait to be read; try again later');
      return turns.execute(async () => {
        clearTimeout(retiring);
        const thread = idle.pop() ?? startDecoderThread(deadlineMs, script);
        busy.add(thread);
        let isSound = true;
        try {
          return await thread.read(file);
        } catch (error) {
          if (!(error instanceof ThreadLost)) throw error;
          isSound = false;
          // Without its cause, whose words may hold what stands in the file.
          logger.warn('a decoding thread was given up');
          throw new RadiographError('UNSUPPORTED_IMAGE', 'The pixels of the DICOM file do not decode');
        } finally {
          busy.delete(thread);
          if (isSound) idle.push(thread);
          else await thread.close();
          clearTimeout(retiring);
          retiring = setTimeout(retire, idleMs).unref();
        }
      });
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(retiring);
      await Promise.all([...busy].map((thread) => thread.close()));
      await retire();
    },
  };
}
