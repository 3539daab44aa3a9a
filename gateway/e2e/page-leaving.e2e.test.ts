import { expect } from 'vitest';
import { browserSystem, withBrowser } from './browser-system.ts';
import { drop, eventually, visit, WHOLE_TEST } from './page-visit.ts';
import { picture, upload } from './system.ts';

const UPLOAD = `mutation ($files: [Upload!]!) {
  radiographUpload(input: { files: $files, patientId: "21" }) { jobs { id } } }`;
const system = browserSystem('page');

withBrowser(
  'it is not left without a question while files are sent, and then it is',
  WHOLE_TEST,
  async () => {
    const { page } = await visit(system.browser, `${system.url}/`);
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

withBrowser('the way back leads to the page of the history that one came from', WHOLE_TEST, async () => {
  const pictures = await Promise.all(Array.from({ length: 26 }, (_, i) => picture('jpeg', 200 + i)));
  await upload(system.url, UPLOAD, pictures);
  const { page, faults } = await visit(system.browser, `${system.url}/#/patients/21`);
  const tiles = page.locator('.tiles li');
  const number = page.getByRole('navigation', { name: 'Pages of the history' }).locator('span');
  const isAt = async (wanted: number, count: number) => {
    await eventually(() => number.textContent()).toBe(`Page ${wanted}`);
    await eventually(() => tiles.count()).toBe(count);
  };
  await isAt(1, 12);
  const older = page.getByRole('button', { name: 'Older' });
  await older.click();
  await isAt(2, 12);
  await older.click();
  await isAt(3, 2);
  await tiles.first().getByRole('link').click();
  await page.getByRole('region', { name: 'Pictures' }).waitFor();
  await page.goBack();
  await isAt(3, 2);
  await page.reload();
  await isAt(3, 2);
  await page.goBack();
  await isAt(2, 12);
  await page.getByRole('button', { name: 'Newer' }).click();
  await isAt(1, 12);
  expect(new URL(page.url()).hash).toBe('#/patients/21');
  expect(faults).toEqual([]);
});
