import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executablePath } from './chromium.ts';
import { picture, type System, startSystem } from './system.ts';

const withBrowser = test.runIf(executablePath);
if (!executablePath)
  console.warn('SKIPPED: the page is not tested, since there is no Chromium here (Debian package chromium)');

let system: System;
let browser: Browser | undefined;
beforeAll(async () => {
  system = await startSystem();
  if (executablePath) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  await system[Symbol.asyncDispose]();
});

async function openPage(): Promise<{ page: Page; faults: string[] }> {
  if (!browser) throw new Error('There is no browser');
  const page = await browser.newPage({ viewport: { width: 360, height: 800 } });
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('request', (request) => request.url().startsWith(system.url) || faults.push(request.url()));
  await page.goto(system.url);
  return { page, faults };
}

withBrowser('the sample is read: finding, both pictures and the warning are there', async () => {
  const { page, faults } = await openPage();
  await page.getByRole('button', { name: 'Try the synthetic sample' }).click();
  await page.locator('.findings meter').nth(2).waitFor();
  const widths = "[...document.querySelectorAll('figure img')].map((image) => image.naturalWidth)";
  await expect.poll(() => page.evaluate(widths)).toEqual([512, 512]);
  expect(await page.getByRole('note').textContent()).toContain('Not for clinical use');
  expect(await page.locator('.ground').textContent()).toContain('model covid19 version');
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  expect(faults).toEqual([]);
});

withBrowser(
  'several files are sent at once: each is read or refused by its name, with the risk of the patient',
  async () => {
    const { page, faults } = await openPage();
    await page.getByLabel('Patient id').fill('7');
    await page.getByLabel('Chest radiographs').setInputFiles([
      { name: 'first.jpg', mimeType: 'image/jpeg', buffer: await picture('jpeg', 41) },
      { name: 'notes.txt', mimeType: 'image/png', buffer: Buffer.from('not a picture') },
      { name: 'second.png', mimeType: 'image/png', buffer: await picture('png', 42) },
    ]);
    await page.getByRole('button', { name: 'Classify' }).click();
    await page.locator('.answer:not([hidden])').nth(1).waitFor();
    expect(await page.getByRole('alert').textContent()).toContain(
      'notes.txt: Expected a JPEG, PNG or DICOM file',
    );
    expect((await page.locator('h2').allTextContents()).sort()).toEqual(['first.jpg', 'second.png']);
    expect(await page.locator('.risk').first().textContent()).toMatch(
      /ICU admission risk of patient 7: \d+\.\d/,
    );
    expect(faults).toEqual([]);
  },
);
