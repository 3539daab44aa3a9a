import type { Page, Route } from 'playwright-core';
import { expect } from 'vitest';
import { browserSystem, withBrowser } from './browser-system.ts';
import { eventually, visit, WHOLE_TEST } from './page-visit.ts';
import { ask, picture, upload } from './system.ts';

const UPLOAD =
  'mutation ($files: [Upload!]!) { radiographUpload(input: { files: $files }) { jobs { radiograph { id } } } }';
const READ = 'query ($id: ID!) { radiograph(id: $id) { classification { decision } } }';
const system = browserSystem('page');

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
    const { page, faults } = await visit(system.browser, system.url + (await read(1)));
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

type Answered = { data: { radiograph: { image: { url: string }; classification: unknown; job: unknown } } };

/** Answers the page's questions for the reading by `answer`, which is told how many there were before. */
async function readings(
  page: Page,
  answer: (route: Route, before: number) => Promise<void>,
): Promise<() => number> {
  let asked = 0;
  await page.route('**/graphql', async (route) => {
    if (!route.request().postData()?.includes('query Reading(')) return route.fallback();
    asked += 1;
    await answer(route, asked - 1);
  });
  return () => asked;
}

/** Lets an answer through as it would be with another radiograph. */
async function changed(route: Route, change: (radiograph: Answered['data']['radiograph']) => void) {
  const response = await route.fetch();
  const json = (await response.json()) as Answered;
  change(json.data.radiograph);
  await route.fulfill({ response, json });
}

withBrowser(
  'it goes on looking for a reading after answers that did not come, and keeps what it knew',
  WHOLE_TEST,
  async () => {
    const address = await read(2);
    const { page } = await visit(system.browser, system.url);
    const job = { state: 'RUNNING', progress: 0.4, error: null };
    const held = Promise.withResolvers<void>();
    const asked = await readings(page, async (route, before) => {
      if (before === 0) return changed(route, (one) => Object.assign(one, { classification: null, job }));
      if (before < 3) return route.abort();
      await held.promise;
      await route.continue();
    });
    await page.goto(system.url + address);
    await page.getByText('Not read yet').waitFor();
    await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
    expect(await page.getByText('Not read yet').count()).toBe(1);
    await page.getByRole('img', { name: 'The radiograph' }).waitFor();
    held.resolve();
    await page.getByRole('region', { name: 'Probabilities' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(asked()).toBe(4);
  },
);

withBrowser('links are renewed while they are looked at, and only then', WHOLE_TEST, async () => {
  const address = await read(3);
  const { page } = await visit(system.browser, system.url);
  const held = Promise.withResolvers<void>();
  const asked = await readings(page, async (route, before) => {
    if (before === 1) return route.abort();
    if (before === 2) await held.promise;
    await changed(route, ({ image }) => {
      image.url += `?${before}`;
    });
  });
  const full = page.getByRole('link', { name: 'Radiograph in full size' });
  const inSight = (state: string) =>
    page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`);
  await page.clock.install();
  await page.goto(system.url + address);
  await eventually(() => full.getAttribute('href')).toMatch(/^\/files\/.+\?0$/);
  await page.getByRole('img', { name: /^Heatmap/ }).waitFor();
  await page.clock.fastForward('09:00');
  await inSight('hidden');
  await page.clock.fastForward('05:00');
  expect(asked()).toBe(1);
  await inSight('visible');
  // One answer that does not come takes nothing away.
  await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
  await page.getByRole('region', { name: 'Probabilities' }).waitFor();
  await page.clock.fastForward('00:05');
  held.resolve();
  await eventually(() => full.getAttribute('href')).toMatch(/\?2$/);
  await eventually(() => page.getByRole('alert').count()).toBe(0);
});

const otherHeatmap = (page: Page) => page.getByLabel('Heatmap for').selectOption({ index: 1 });

withBrowser.each([
  ['its links are renewed', (page: Page) => page.clock.fastForward('11:00')],
  ['another heatmap is wanted', otherHeatmap],
  [
    'another heatmap has no picture any more',
    async (page: Page) => {
      const errors = [{ message: 'The picture is gone', extensions: { code: 'NOT_FOUND' } }];
      await page.route('**/graphql', (route) =>
        route.request().postData()?.includes('query Heatmap(')
          ? route.fulfill({ json: { data: { radiograph: { heatmap: null } }, errors } })
          : route.fallback(),
      );
      await otherHeatmap(page);
    },
  ],
] as const)('a radiograph that is deleted elsewhere is missed when %s', WHOLE_TEST, async (_, notice) => {
  const address = await read(4);
  const { page, faults } = await visit(system.browser, system.url);
  await page.clock.install();
  await page.goto(system.url + address);
  await heatmap(page).waitFor();
  const id = decodeURIComponent(address.replace('/#/radiographs/', ''));
  await ask(
    system.url,
    'mutation ($id: ID!) { radiographDelete(input: { id: $id }) { userErrors { code } } }',
    { id },
  );
  await notice(page);
  await page.getByRole('alert').getByText('This radiograph is not there any more').waitFor();
  expect(await page.locator('.verdict').count()).toBe(0);
  expect(await page.getByRole('region', { name: 'Probabilities' }).count()).toBe(0);
  expect(await page.getByRole('button', { name: 'Delete' }).count()).toBe(0);
  await eventually(() => page.locator(':focus').textContent()).toBe('Radiograph');
  expect(faults).toEqual([]);
});
