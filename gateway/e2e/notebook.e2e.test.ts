import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { startSystem } from './system.ts';

const NOTEBOOK = join(import.meta.dirname, '../../docs/clients/radiograph.ipynb');
/** Debian's packages are those of Debian's own Python, which need not come first. */
const python = ['/usr/bin/python3', 'python3'].find(hasJupyter);
const withJupyter = test.runIf(python);
if (!python)
  console.warn(
    'SKIPPED: the notebook is not run, since there is no Jupyter here (Debian packages python3-nbclient, python3-ipykernel, python3-requests)',
  );
const RUN = `
import nbformat, sys
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
nbformat.validate(notebook)
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
`;

type Output = { output_type: string; text?: string | string[]; data?: Record<string, string | string[]> };
type Notebook = { cells: { cell_type: string; outputs?: Output[]; execution_count?: number | null }[] };

function hasJupyter(command: string): boolean {
  try {
    execFileSync(command, ['-c', 'import nbclient, ipykernel, requests'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Notebook;
const joined = (text: string | string[] | undefined) => [text ?? []].flat().join('');

test('the notebook is committed as nobody has run it: answers are not kept', () => {
  const { cells } = read(NOTEBOOK);
  const code = cells.filter(({ cell_type }) => cell_type === 'code');
  expect(code.length).toBeGreaterThan(8);
  for (const { outputs, execution_count } of code)
    expect({ outputs, execution_count }).toEqual({ outputs: [], execution_count: null });
});

withJupyter(
  'the notebook runs from its first cell to its last, and shows pictures, findings, risk and times',
  { timeout: 180_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'radiograph-notebook-'));
    await using stack = new AsyncDisposableStack();
    stack.defer(() => rmSync(folder, { recursive: true }));
    const system = stack.use(await startSystem());
    const shown = join(folder, 'shown.ipynb');
    const env = {
      ...process.env,
      ...{ RADIOGRAPH_URL: system.url, RADIOGRAPH_CLIENTS: '2', RADIOGRAPH_EACH: '3' },
      // Nothing of a user's own Jupyter, and nothing left in it.
      ...{ HOME: folder, IPYTHONDIR: folder, JUPYTER_RUNTIME_DIR: folder },
    };
    await promisify(execFile)(python ?? '', ['-c', RUN, NOTEBOOK, shown], { env });

    const outputs = read(shown).cells.flatMap((cell) => cell.outputs ?? []);
    const text = outputs
      .map((output) => joined(output.text) + joined(output.data?.['text/plain']))
      .join('\n');
    expect(text).toContain('Covid19 detector API is live!');
    expect(text).toContain("'X-Ray_Classfication_Raw_Result'");
    expect(text).toMatch(/SUCCEEDED +100%/);
    expect(text).toMatch(/decision: \w+/);
    expect(text).toMatch(/ICU risk of patient 7: [\d.]+%/);
    const pictures = outputs.flatMap(({ data }) => data?.['image/jpeg'] ?? data?.['image/png'] ?? []);
    expect(pictures).toHaveLength(3);
    for (const picture of pictures)
      expect((await sharp(Buffer.from(joined(picture), 'base64')).metadata()).width).toBe(512);
    const table = outputs.map(({ data }) => joined(data?.['text/html'])).join('');
    for (const [way, cached] of [
      ['REST, base64', 'not told'],
      ['GraphQL, multipart', '0'],
    ])
      expect(table).toMatch(
        new RegExp(`<td>${way}</td><td>6</td><td>0</td><td>${cached}</td><td>[\\d.]+</td>`),
      );
  },
);
