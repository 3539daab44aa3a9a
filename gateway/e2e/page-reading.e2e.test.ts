import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bundleWeb } from '../web/web-bundle.ts';
import { executablePath } from './chromium.ts';
import { eventually, visit, WHOLE_TEST } from './page-visit.ts';
import { ask, picture, type System, startSystem, upload } from './system.ts';

const UPLOAD =
  'mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) { jobs { radiograph { id } } } }';
const READ = 'query ($id: ID!) { radiograph(id: $id) { classification { decision } } }';
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

/** Sends a radiograph and waits until it is read. @returns the address of its reading, behind the system's own */
async function read(seed: number): Promise<string> {
  const { data } = await upload(system.url, UPLOAD, [await picture('png', seed)]);
  const { radiographUpload } = data as unknown as {
    radiographUpload: { jobs: { radiograph: { id: string } }[] };
  };
  const id = radiographUpload.jobs[0]?.radiograph.id ?? '';
  await eventually(() => ask(system.url, READ, { id })).toMatchObject({
    data: { radiograph: { classification: { decision: expect.any(String) } } },
  });
  return `/#/radiographs/${encodeURIComponent(id)}`;
}

/** Holds the answers to an operation back from now on. @returns what lets them through */
async function hold(page: Page, operation: string): Promise<() => void> {
  const held = Promise.withResolvers<void>();
  await page.route('**/graphql', async (route) => {
    if (route.request().postData()?.includes(`query ${operation}(`)) await held.promise;
    await route.continue();
  });
  return held.resolve;
}

const heatmap = (page: Page) => page.getByRole('img', { name: /^Heatmap/ });

withBrowser.each(['Side by side', 'Overlay'])(
  'a heatmap never stands under the name of another finding: %s',
  WHOLE_TEST,
  async (view) => {
    const { page, faults } = await visit(browser, system.url + (await read(1)));
    await page.getByText(view, { exact: true }).click();
    await page.getByLabel('Outline the strongest places').check();
    await page.locator('.frame rect').first().waitFor();
    const choice = page.getByLabel('Heatmap for');
    const names = (await choice.getByRole('option').allTextContents()).map((text) =>
      text.replace(/ \(.*/, ''),
    );
    const first = await heatmap(page).getAttribute('src');
    expect(await heatmap(page).getAttribute('alt')).toBe(`Heatmap for ${names[0]} over the radiograph`);

    const letThrough = await hold(page, 'Heatmap');
    await choice.selectOption({ index: 1 });
    await page.getByText(`Loading the heatmap for ${names[1]} …`).waitFor();
    expect(await heatmap(page).count()).toBe(0);
    expect(await page.locator('.frame rect').count()).toBe(0);
    expect(await page.getByText('What moved the model').count()).toBe(0);
    await page.getByRole('img', { name: 'The radiograph' }).first().waitFor();

    letThrough();
    await page.getByText(`What moved the model towards ${names[1]} (Grad-CAM)`).waitFor();
    expect(await heatmap(page).getAttribute('alt')).toBe(`Heatmap for ${names[1]} over the radiograph`);
    expect(await heatmap(page).getAttribute('src')).not.toBe(first);
    expect(await page.getByText('Loading the heatmap').count()).toBe(0);
    expect(faults).toEqual([]);
  },
);
