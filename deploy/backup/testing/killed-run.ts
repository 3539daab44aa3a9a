import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Places } from '../backup.ts';

const FILES = { backUp: 'backup.ts', restore: 'restore.ts' };

/** Runs a backup or a restore in a process of its own, and kills it (SIGKILL) at a moment.
 *  @param isMoment is asked again and again while it runs */
export async function killAt(
  name: keyof typeof FILES,
  places: Places,
  isMoment: () => boolean,
): Promise<void> {
  const path = JSON.stringify(join(import.meta.dirname, '..', FILES[name]));
  const program = `const { ${name} } = await import(${path}); await ${name}(${JSON.stringify(places)});`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' });
  const exited = once(child, 'exit');
  while (child.exitCode === null && !isMoment()) await turn();
  child.kill('SIGKILL');
  const [code] = await exited;
  if (code) throw new Error(`Expected ${name} to go well, got ${code}`);
}
