import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { chestElements, dicomFile } from '../../subgraphs/imaging/testing/dicom-file.ts';
import { drawPhantom, PHANTOM_EDGE, phantomPng } from '../web/phantom.ts';
import { browserSystem, withBrowser } from './browser-system.ts';
import {
  accessibilityFaults,
  drop,
  eventually,
  type GivenFile,
  tabTo,
  visit,
  WHOLE_TEST,
  widths,
} from './page-visit.ts';
import { ask, picture, upload } from './system.ts';

const DATA = join(import.meta.dirname, '../../../shared/data');
const UPLOAD = `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files, patientId: "11" }) { jobs { radiograph { id } } } }`;
const system = browserSystem('page');

/** One of each format: real radiographs where they are at hand, else what the tests draw. */
async function radiographs(): Promise<GivenFile[]> {
  const [jpeg, png, dicom] = [
    join(DATA, 'originals/normal_7cc4e4b79870.jpg'),
    join(DATA, 'originals/normal_58f75cdef29e.png'),
    join(DATA, 'dicom/cr_chest_mono1_10bit_no_meta.dcm'),
  ];
  const real = [jpeg, png, dicom].every((path) => existsSync(path));
  if (!real) console.warn('The page is tested with drawings: ../shared/data is not there');
  const pixels = Uint16Array.from(drawPhantom(), (grey) => grey * 16);
  const bytes = real
    ? [jpeg, png, dicom].map((path) => readFileSync(path))
    : [
        await picture('jpeg', 1),
        await phantomPng(),
        dicomFile(chestElements(pixels, PHANTOM_EDGE), { start: 'META' }),
      ];
  const given = [
    ['chest.jpg', 'image/jpeg'],
    ['chest.png', 'image/png'],
    // Files of a disc often have no ending, and the browser then names no type.
    ['IM000001', ''],
  ] as const;
  return given.map(([name, mimeType], i) => ({ name, mimeType, buffer: bytes[i] ?? Buffer.alloc(0) }));
}

const item = (page: Page, name: string) =>
  page.getByRole('region', { name: 'This session' }).getByRole('listitem').filter({ hasText: name });
const heatmap = (page: Page) => page.getByRole('img', { name: /^Heatmap/ });
/** What of a picture is asked in the browser; its types are not those of Node. */
type Picture = { complete: boolean; naturalWidth: number };
const isLoaded = (image: Locator) =>
  eventually(() =>
    image.evaluate(
      (one) => (one as unknown as Picture).complete && (one as unknown as Picture).naturalWidth > 0,
    ),
  ).toBe(true);

withBrowser('three formats are dropped, followed, read and looked at', WHOLE_TEST, async () => {
  const { page, faults } = await visit(system.browser, `${system.url}/`);
  const heard: string[] = [];
  await page.exposeFunction('heard', (text: string) => heard.push(text));
  await page.evaluate(`new MutationObserver(() => {
    for (const { textContent } of document.querySelectorAll('.worklist .stage, [role=status]')) heard(textContent);
  }).observe(document.body, { subtree: true, childList: true, characterData: true })`);
  await page.getByLabel('Patient').fill('7');
  await drop(page, await radiographs());

  for (const name of ['chest.jpg', 'chest.png', 'IM000001'])
    await item(page, name).getByRole('link', { name }).waitFor();
  const names = page.getByRole('region', { name: 'This session' }).getByRole('link', { name: /chest|IM/ });
  expect(await names.allTextContents()).toEqual(['chest.jpg', 'chest.png', 'IM000001']);
  expect(heard.join('\n')).toMatch(/Sending|Sent/);
  expect(heard.join('\n')).toMatch(/Waiting for the model|Preparing the picture|The model reads it/);
  await eventually(() => page.getByRole('status').textContent()).toBe('3 of 3 files read.');

  await names.last().click();
  await eventually(() => page.getByRole('heading', { name: 'IM000001' }).count()).toBe(1);
  await page.getByText('CR (computed radiography)').waitFor();
  expect(new URL(page.url()).hash).toMatch(/^#\/radiographs\/./);
  await eventually(() => page.locator('.verdict strong').textContent()).toMatch(
    /^(Positive|Negative|Undecided)/,
  );
  await eventually(() => page.locator('.bars li').count()).toBe(3);
  expect(await page.locator('.bars .mark').count()).toBe(1);
  const provenance = await page.getByRole('region', { name: 'Probabilities' }).textContent();
  expect(provenance).toMatch(/covid19, version \d+.*pool embedded.*(from the cache|computed for)/);
  await isLoaded(page.getByRole('img', { name: 'The radiograph' }).first());
  await isLoaded(heatmap(page));

  const risk = page.getByRole('region', { name: 'ICU risk of patient 7' });
  await eventually(() => risk.textContent()).toMatch(/\d+\.\d.%.*threshold of.*What moves it most/);
  expect(await risk.getByRole('listitem').first().textContent()).toMatch(
    /[+−]\d\.\d\d (raises|lowers) the risk/,
  );
  const toExplorer = page.getByRole('link', { name: /heatmap, in a new tab/ });
  const linked = new URLSearchParams((await toExplorer.getAttribute('href'))?.replace('/explorer#', ''));
  expect(linked.get('query')).toContain('query Heatmap(');
  expect(`#/radiographs/${JSON.parse(linked.get('variables') ?? '').id}`).toBe(new URL(page.url()).hash);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(faults).toEqual([]);
});

withBrowser('the heatmap is shown as it is wanted', WHOLE_TEST, async () => {
  const { page, faults, requests } = await visit(system.browser, `${system.url}/`);
  await page.getByRole('button', { name: 'Try the synthetic sample' }).click();
  await isLoaded(heatmap(page));
  const first = await heatmap(page).getAttribute('src');
  await page.getByLabel('Colours').selectOption('OCEAN');
  await eventually(() => heatmap(page).getAttribute('src')).not.toBe(first);
  await isLoaded(heatmap(page));
  const second = await heatmap(page).getAttribute('src');
  await page.getByLabel('Heatmap for').selectOption({ index: 2 });
  await eventually(() => heatmap(page).getAttribute('src')).not.toBe(second);
  await isLoaded(heatmap(page));

  const asked = requests.length;
  const slider = page.getByRole('slider', { name: 'Opacity' });
  await slider.focus();
  await page.keyboard.press('End');
  expect(await heatmap(page).getAttribute('style')).toBe('opacity: 1;');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  expect(await heatmap(page).getAttribute('style')).toBe('opacity: 0.05;');
  expect(await slider.getAttribute('aria-valuetext')).toBe('5 percent');
  expect(requests.length).toBe(asked);

  expect(await page.getByRole('figure').count()).toBe(2);
  await page.getByText('Overlay', { exact: true }).click();
  await eventually(() => page.getByRole('figure').count()).toBe(1);
  await page.getByLabel('Outline the strongest places').check();
  await eventually(() => page.locator('.frame rect').count()).toBeGreaterThan(0);
  expect(faults).toEqual([]);
});

withBrowser('what cannot be read is named, and the rest goes on', WHOLE_TEST, async () => {
  const { page, faults } = await visit(system.browser, `${system.url}/`, {
    viewport: { width: 360, height: 800 },
  });
  const large = Buffer.concat([await picture('png', 5), Buffer.alloc(3 * 1024 * 1024)]);
  await drop(page, [
    { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('not a picture') },
    { name: 'large.png', mimeType: 'image/png', buffer: large },
    { name: 'fine.png', mimeType: 'image/png', buffer: await picture('png', 6) },
  ]);
  await eventually(() => item(page, 'notes.png').getByRole('alert').textContent()).toContain(
    'This file cannot be read. Expected a JPEG, PNG or DICOM file',
  );
  await eventually(() => item(page, 'large.png').getByRole('alert').textContent()).toContain(
    'This file is too large. Expected at most 2 MB',
  );
  await item(page, 'fine.png').getByRole('link').waitFor();
  expect(await item(page, 'notes.png').getByRole('button', { name: 'Try again' }).count()).toBe(0);
  await page.getByRole('region', { name: 'Probabilities' }).waitFor();
  expect(await widths(page)).toEqual([360, 360]);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(await page.getByRole('note').textContent()).toContain('Not for clinical use');
  await page.mouse.wheel(0, 2_000);
  await eventually(async () => (await page.getByRole('note').boundingBox())?.y).toBe(0);
  expect(faults).toEqual([]);
});

withBrowser(
  'the history is turned by pages, a radiograph opened by its address and deleted',
  WHOLE_TEST,
  async () => {
    const pictures = await Promise.all(Array.from({ length: 14 }, (_, i) => picture('jpeg', 100 + i)));
    await upload(system.url, UPLOAD, pictures);
    const { page, faults } = await visit(system.browser, `${system.url}/#/patients/11`);
    const tiles = page.locator('.tiles li');
    await eventually(() => tiles.count()).toBe(12);
    await page.getByRole('region', { name: 'ICU risk of patient 11' }).getByText('threshold').waitFor();
    await page.getByRole('button', { name: 'Older' }).click();
    await eventually(() => tiles.count()).toBe(2);
    expect(await page.getByRole('button', { name: 'Older' }).isDisabled()).toBe(true);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Newer' }).click();
    await eventually(() => tiles.count()).toBe(12);
    await page.getByRole('textbox', { name: 'Patient' }).fill('nobody');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByText('No radiograph of this patient was sent yet').waitFor();
    await page.getByText('knows no patient nobody').waitFor();

    await page.goBack();
    await tiles.first().getByRole('link').click();
    await page.getByRole('region', { name: 'Pictures' }).waitFor();
    await page.reload();
    await page.getByRole('region', { name: 'Probabilities' }).waitFor();
    const id = decodeURIComponent(new URL(page.url()).hash.replace('#/radiographs/', ''));
    const there = async () =>
      (await ask(system.url, `{ radiograph(id: "${id}") { id } }`)).data?.radiograph !== null;
    const remove = page.getByRole('button', { name: 'Delete', exact: true });
    await remove.click();
    await page.getByRole('dialog').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await there()).toBe(true);
    await remove.click();
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByRole('heading', { name: 'Nothing is open' }).waitFor();
    expect(await there()).toBe(false);
    await page.goto(`${system.url}/#/radiographs/${encodeURIComponent(id)}`);
    await page.getByRole('alert').getByText('This is not there').waitFor();
    expect(faults).toEqual([]);
  },
);

withBrowser('all of it is done with the keyboard alone', WHOLE_TEST, async () => {
  const { page, faults } = await visit(system.browser, `${system.url}/`);
  page.on(
    'filechooser',
    (chooser) => void chooser.setFiles({ name: 'by-key.png', mimeType: 'image/png', buffer: sample }),
  );
  const sample = await picture('png', 77);
  await tabTo(page, page.getByLabel('Patient'));
  await page.keyboard.type('7');
  await tabTo(page, page.locator('input[type=file]'));
  await page.keyboard.press('Enter');
  const link = item(page, 'by-key.png').getByRole('link');
  await link.waitFor();
  await tabTo(page, page.getByRole('link', { name: 'History', exact: true }));
  await page.keyboard.press('Enter');
  await eventually(() => page.locator(':focus').textContent()).toBe('History');
  await page.goBack();
  await tabTo(page, link);
  await page.keyboard.press('Enter');
  await eventually(() => page.locator(':focus').textContent()).toBe('by-key.png');
  await tabTo(page, page.getByRole('radio', { name: 'Side by side' }));
  await page.keyboard.press('ArrowRight');
  await eventually(() => page.getByRole('figure').count()).toBe(1);
  await tabTo(page, page.getByLabel('Heatmap for'));
  await page.keyboard.press('ArrowDown');
  await isLoaded(heatmap(page));
  await tabTo(page, page.getByRole('button', { name: 'Delete', exact: true }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Delete for good' }));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Nothing is open' }).waitFor();
  expect(await page.locator('.worklist li').count()).toBe(0);
  expect(faults).toEqual([]);
});

withBrowser.each(['light', 'dark'] as const)(
  'it is accessible in %s when it is empty, while it loads, and with a result',
  WHOLE_TEST,
  async (colorScheme) => {
    const { page, faults } = await visit(system.browser, `${system.url}/`, { colorScheme });
    await page.getByText('Nothing is open').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    const held = Promise.withResolvers<void>();
    await page.route('**/graphql', async (route) => {
      if (route.request().postData()?.includes('query Reading')) await held.promise;
      await route.continue();
    });
    await page.getByRole('button', { name: 'Try the synthetic sample' }).click();
    await page.getByText('Loading the radiograph').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    held.resolve();
    await isLoaded(heatmap(page));
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(faults).toEqual([]);
  },
);

withBrowser('a theme that is chosen stays', WHOLE_TEST, async () => {
  const { page } = await visit(system.browser, `${system.url}/`, { colorScheme: 'light' });
  const paper = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
  const light = await paper();
  await page.getByLabel('Appearance').selectOption('dark');
  const dark = await paper();
  expect(dark).not.toBe(light);
  await page.reload();
  await page.getByText('Nothing is open').waitFor();
  expect(await paper()).toBe(dark);
});

test('the first load is under 60 KB, and asks for files of its own alone', async () => {
  const html = await (await fetch(`${system.url}/`)).text();
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => String(path));
  expect(assets.length).toBeGreaterThan(2);
  let bytes = 0;
  for (const path of ['/', ...assets]) {
    const answer = await fetch(new URL(path, system.url), { headers: { 'accept-encoding': 'gzip' } });
    expect([path, answer.status, new URL(answer.url).origin]).toEqual([path, 200, system.url]);
    bytes += Number(answer.headers.get('content-length'));
  }
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(60_000);
});
