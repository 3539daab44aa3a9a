import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { browserSystem, withBrowser } from './browser-system.ts';
import { dropPaths, eventually, visit, WHOLE_TEST } from './page-visit.ts';
import { picture } from './system.ts';

const system = browserSystem('page');

let disc: string;
beforeEach(() => {
  disc = mkdtempSync(join(tmpdir(), 'disc-'));
});
afterEach(async () => {
  rmSync(disc, { recursive: true });
});

function write(path: string, content: string | Buffer): void {
  mkdirSync(join(disc, path, '..'), { recursive: true });
  writeFileSync(join(disc, path), content);
}

withBrowser(
  'a folder is read with the folders in it, without what is no radiograph',
  WHOLE_TEST,
  async () => {
    const { page, faults } = await visit(system.browser, `${system.url}/`);
    write('PAT1/STUDY1/IM10', await picture('jpeg', 810));
    write('PAT1/STUDY1/IM2', await picture('jpeg', 802));
    write('PAT1/STUDY2/deep/er/IM1', await picture('png', 801));
    for (const name of ['DICOMDIR', 'PAT1/.DS_Store', 'PAT1/Thumbs.db', '__MACOSX/PAT1/IM1'])
      write(name, 'index');
    mkdirSync(join(disc, 'PAT2'));
    write('beside.png', await picture('png', 803));
    await dropPaths(page, [
      join(disc, 'PAT1'),
      ...['DICOMDIR', 'PAT2', '__MACOSX', 'beside.png'].map((name) => join(disc, name)),
    ]);
    await eventually(() => page.getByRole('status').textContent()).toBe('4 of 4 files read.');
    const names = await page.locator('.worklist li .name a').allTextContents();
    expect(names).toEqual(['IM2', 'IM10', 'IM1', 'beside.png']);
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(faults).toEqual([]);
  },
);

withBrowser('of a folder of 250 files none is left out', WHOLE_TEST, async () => {
  const { page } = await visit(system.browser, `${system.url}/`);
  // What becomes of them is not the question here.
  await page.route('**/graphql', (route) =>
    'apollo-require-preflight' in route.request().headers() ? undefined : route.continue(),
  );
  const wanted = Array.from({ length: 250 }, (_, i) => `IM${i + 1}`);
  for (const name of wanted) write(`MANY/${name}`, 'file');
  write('MANY/inner/LAST', 'file');
  await dropPaths(page, [join(disc, 'MANY')]);
  await eventually(() => page.locator('.worklist li').count()).toBe(251);
  expect(await page.locator('.worklist li .name span').allTextContents()).toEqual([...wanted, 'LAST']);
});

withBrowser('what the browser cannot open is named, and the rest goes on', WHOLE_TEST, async () => {
  const { page } = await visit(system.browser, `${system.url}/`);
  write('DISC/fine.png', await picture('png', 804));
  write('gone.png', 'file');
  // It goes away after the drop, and before it is read.
  await page.exposeFunction('remove', (name: string) => rmSync(join(disc, name)));
  await page.evaluate(`addEventListener('drop', ({ dataTransfer }) => {
    const entries = Object.getPrototypeOf(dataTransfer.items[0].webkitGetAsEntry());
    const { file } = entries;
    entries.file = async function (...heard) {
      if (this.name === 'gone.png') await remove(this.name);
      file.apply(this, heard);
    };
  }, { capture: true, once: true })`);
  await dropPaths(page, [join(disc, 'gone.png'), join(disc, 'DISC')]);
  await eventually(() => page.getByRole('alert').textContent()).toContain('could not open gone.png');
  await eventually(() => page.getByRole('status').textContent()).toBe('1 of 1 file read.');
});
