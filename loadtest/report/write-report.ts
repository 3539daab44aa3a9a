import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { markdownOf } from './markdown.ts';
import { pageOf } from './page.ts';
import type { Report } from './report.ts';

/** Writes `<name>.html`, which needs nothing else, and `<name>.md`. */
export async function writeReport(folder: string, report: Report): Promise<void> {
  const machine = `${new Date().toISOString().slice(0, 10)}: Node ${process.versions.node}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB; load average at the end ${loadavg()[0]?.toFixed(2)}.`;
  await mkdir(folder, { recursive: true });
  const name = join(folder, report.name);
  const markdown = markdownOf(report, machine);
  await writeFile(`${name}.md`, markdown);
  await writeFile(`${name}.html`, pageOf(report, machine));
  console.log(`\n${markdown}\nWritten to ${name}.html and ${name}.md`);
}
