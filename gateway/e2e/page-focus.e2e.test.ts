import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { browserSystem, withBrowser } from './browser-system.ts';
import { drop, eventually, visit, WHOLE_TEST } from './page-visit.ts';
import { picture } from './system.ts';

const system = browserSystem('page');

/** What has the focus: its text, or else its id. */
const focused = (page: Page) =>
  eventually(() => page.evaluate('document.activeElement.textContent || document.activeElement.id'));
const status = (page: Page) => page.getByRole('status').textContent();

withBrowser('after a deletion it says so, and the focus is where one goes on', WHOLE_TEST, async () => {
  const { page, faults } = await visit(system.browser, `${system.url}/`);
  await page.getByRole('button', { name: 'Try the synthetic sample' }).click();
  await page.getByRole('region', { name: 'Probabilities' }).waitFor();
  const steps = await page.evaluate('history.length');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await focused(page).toBe('Nothing is open');
  expect(await status(page)).toBe('Synthetic sample.png is deleted.');
  expect(await page.evaluate('history.length')).toBe(steps);

  // What is read next takes that heading's place.
  await drop(page, [{ name: 'next.png', mimeType: 'image/png', buffer: await picture('png', 51) }]);
  await focused(page).toBe('next.png');
  await eventually(() => status(page)).toBe('1 of 1 file read.');
  expect(faults).toEqual([]);
});

withBrowser('after the list is cleared the focus is on what is left of it', WHOLE_TEST, async () => {
  const { page, faults } = await visit(system.browser, `${system.url}/`);
  const held = Promise.withResolvers<void>();
  await page.route('**/graphql', async (route) => {
    if (route.request().postDataBuffer()?.includes('held.png')) await held.promise;
    await route.continue();
  });
  await drop(page, [
    { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('not a picture') },
    { name: 'held.png', mimeType: 'image/png', buffer: await picture('png', 52) },
  ]);
  const clear = page.getByRole('button', { name: 'Clear what has ended' });
  await clear.click();
  await focused(page).toBe('This session');
  expect(await page.locator('.worklist li .name span').allTextContents()).toEqual(['held.png']);
  expect(await status(page)).toBe('What had ended is cleared.');
  held.resolve();
  await clear.click();
  await focused(page).toBe('files');
  expect(await page.locator('.worklist').count()).toBe(0);
  expect(faults).toEqual([]);
});

/** A system colour as it is painted now. */
const painted = (page: Page, selector: string, property: string) =>
  page
    .locator(selector)
    .first()
    .evaluate((one, name) => {
      const { getComputedStyle } = globalThis as unknown as {
        getComputedStyle(of: unknown): Record<string, string>;
      };
      return getComputedStyle(one)[name];
    }, property);

withBrowser('bars and what is chosen are seen in forced colours', WHOLE_TEST, async () => {
  const { page } = await visit(system.browser, `${system.url}/`, { forcedColors: 'active' });
  await page.getByLabel('Patient').fill('7');
  await drop(page, [{ name: 'mine.png', mimeType: 'image/png', buffer: await picture('png', 53) }]);
  await page.getByRole('region', { name: 'ICU risk of patient 7' }).getByText('Assessed').waitFor();
  for (const [bar, ground] of [
    ['.meter .fill', '.meter'],
    ['.meter .mark', '.meter'],
    ['.signed .raises, .signed .lowers', '.signed'],
    ['.segments :checked + span', '.segments :not(:checked) + span'],
  ] as const) {
    const colours = [bar, ground].map((selector) => painted(page, selector, 'backgroundColor'));
    const [one, other] = await Promise.all(colours);
    expect([bar, one]).not.toEqual([bar, other]);
  }
  expect(await painted(page, '.meter', 'borderTopWidth')).toBe('1px');
});
