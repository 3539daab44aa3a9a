import { type Browser, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bundleWeb } from '../web/web-bundle.ts';
import { executablePath } from './chromium.ts';
import { drop, eventually, visit, WHOLE_TEST } from './page-visit.ts';
import { picture, type System, startSystem } from './system.ts';

const withBrowser = test.runIf(executablePath);

let system: System;
let browser: Browser | undefined;
beforeAll(async () => {
  await bundleWeb('page');
  system = await startSystem();
  if (executablePath) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
}, 120_000);
afterEach(async () => {
  for (const context of browser?.contexts() ?? []) await context.close();
});
afterAll(async () => {
  await browser?.close();
  await system[Symbol.asyncDispose]();
});

withBrowser(
  'it is not left without a question while files are sent, and then it is',
  WHOLE_TEST,
  async () => {
    const { page } = await visit(browser, `${system.url}/`);
    const held = Promise.withResolvers<void>();
    await page.route('**/graphql', async (route) => {
      if ('apollo-require-preflight' in route.request().headers()) await held.promise;
      await route.continue();
    });
    // A browser asks only where somebody has done something.
    await page.getByLabel('Patient').click();
    await drop(page, [{ name: 'mine.png', mimeType: 'image/png', buffer: await picture('png', 31) }]);
    await page.getByText(/^Sen(ding|t),/).waitFor();
    const questions: string[] = [];
    page.on('dialog', (dialog) => {
      questions.push(dialog.type());
      void dialog.dismiss();
    });
    await page.evaluate('location.reload()');
    await eventually(() => questions).toEqual(['beforeunload']);

    held.resolve();
    await eventually(() => page.getByRole('status').textContent()).toBe('1 of 1 file read.');
    await page.reload();
    await page.getByRole('region', { name: 'Probabilities' }).waitFor();
    expect(await page.locator('.worklist').count()).toBe(0);
    expect(questions).toHaveLength(1);
  },
);
