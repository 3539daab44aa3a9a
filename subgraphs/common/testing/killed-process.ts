import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Runs a program in a process of its own and kills it (SIGKILL) in the middle of its work, as soon as it has written so
 *  many lines. @returns all whole lines that it has written */
export async function linesUntilKilled(program: string, count: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length >= count) child.kill('SIGKILL');
  }
  await closed;
  return lines;
}
