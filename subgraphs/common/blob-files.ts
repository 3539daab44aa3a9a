import { closeSync, fstatSync, fsync, openSync, read, statSync, write } from 'node:fs';
import { promisify } from 'node:util';

// What concerns names alone is done at once: it takes microseconds, and ten times as long by way of the pool of threads,
// where it would stand behind pictures that are decoded. Bytes go by way of the pool.
const [readSome, writeSome] = [promisify(read), promisify(write)];
export const sync = promisify(fsync);

export async function writeAll(file: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await writeSome(file, bytes, at)).bytesWritten;
}

/** @param most bytes, all when it is left out @returns undefined when there is no such file */
export async function readWhole(path: string, most = Number.POSITIVE_INFINITY): Promise<Buffer | undefined> {
  const file = unlessAbsent(() => openSync(path, 'r'));
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.allocUnsafeSlow(Math.min(most, fstatSync(file).size));
    let length = 0;
    for (let more = 1; more > 0 && length < bytes.length; length += more)
      more = (await readSome(file, bytes, length, bytes.length - length, null)).bytesRead;
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/** In ms since 1970; undefined when there is no such file. */
export const writtenAt = (path: string) => statSync(path, { throwIfNoEntry: false })?.mtimeMs;

function unlessAbsent<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
