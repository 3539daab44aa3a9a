import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type SmallDisk = Disposable & {
  readonly path: string;
  /** Takes all room but so many bytes. */
  fill(leave?: number): void;
  /** Gives the room back. */
  empty(): void;
};

/** A disk of its own of so many bytes, in memory. */
export function smallDisk(bytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'disk-'));
  const filler = join(path, 'filler');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { stdio: 'ignore' });
  } catch (error) {
    rmSync(path, { recursive: true });
    throw error;
  }
  return {
    path,
    fill(leave = 0) {
      const { bavail, bsize } = statfsSync(path);
      const take = bavail * bsize - leave;
      if (take > 0) writeFileSync(filler, Buffer.alloc(take), { flag: 'a' });
    },
    empty: () => rmSync(filler, { force: true }),
    [Symbol.dispose]() {
      execFileSync('umount', ['--lazy', path]);
      rmSync(path, { recursive: true });
    },
  };
}

/** Whether this user may mount a disk. */
export function canMount(): boolean {
  try {
    smallDisk(4096)[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}
