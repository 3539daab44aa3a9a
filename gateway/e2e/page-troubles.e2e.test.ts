import { join } from 'node:path';
import { expect } from 'vitest';
import { chestElements, dicomFile } from '../../subgraphs/imaging/testing/dicom-file.ts';
import { drawPhantom, PHANTOM_EDGE } from '../web/phantom.ts';
import { bundleFolder } from '../web/served-bundle.ts';
import { fileBrowser, withBrowser } from './browser-system.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { startInstallation } from './installation.ts';
import { accessibilityFaults, drop, eventually, visit, WHOLE_TEST } from './page-visit.ts';
import { picture, startSystem } from './system.ts';

const visitor = fileBrowser('page');

const dicom = () => {
  const pixels = Uint16Array.from(drawPhantom(), (grey) => grey * 16);
  return dicomFile(chestElements(pixels, PHANTOM_EDGE));
};

withBrowser(
  'with authentication it asks for a token, keeps it in memory, and shows what its scopes open',
  WHOLE_TEST,
  async () => {
    await using provider = await startIdentityProvider();
    await using system = await startSystem({ gateway: provider.settings });
    const { page, requests } = await visit(visitor.browser, `${system.url}/`);
    const signIn = page.getByRole('form', { name: 'Sign in' });
    await signIn.waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await drop(page, [{ name: 'IM1', mimeType: '', buffer: dicom() }]);
    const item = page.locator('.worklist li');
    await eventually(() => item.getByRole('alert').textContent()).toContain('You are not signed in');

    // What failed for want of a token goes on with it, over HTTP and the socket.
    const token = await provider.token({ scope: 'radiograph:read radiograph:write' });
    await page.getByLabel(/Access token/).fill(token);
    await page.getByRole('button', { name: 'Use token' }).click();
    await item.getByRole('link', { name: 'IM1' }).waitFor();
    expect(await signIn.count()).toBe(0);
    await eventually(() => page.locator(':focus').textContent()).toBe('IM1');
    await page.getByRole('region', { name: 'DICOM file' }).getByText('scope dicom:read').waitFor();
    await eventually(() =>
      page
        .getByRole('img', { name: /^Heatmap/ })
        .evaluate((one) => (one as unknown as { naturalWidth: number }).naturalWidth),
    ).toBe(PHANTOM_EDGE);
    expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([
      0,
      0,
      '',
    ]);
    expect(requests.filter((address) => address.includes(token))).toEqual([]);

    await page.goto(`${system.url}/#/patients/7`);
    await page.getByRole('alert').getByText('You may not do this').waitFor();
    await page.reload();
    await signIn.waitFor();
  },
);

withBrowser('with a safelist it works, once that holds its operations', WHOLE_TEST, async () => {
  const gateway = { SAFELIST: '1', PERSISTED_OPERATIONS: join(bundleFolder('page'), 'operations.json') };
  await using system = await startSystem({ gateway });
  const { page, faults } = await visit(visitor.browser, `${system.url}/`);
  await page.getByLabel('Patient').fill('7');
  await drop(page, [{ name: 'IM1', mimeType: '', buffer: dicom() }]);
  await page.locator('.worklist li').getByRole('link', { name: 'IM1' }).waitFor();
  await page.getByRole('img', { name: /^Heatmap/ }).waitFor();
  await page.getByRole('region', { name: 'DICOM file' }).getByText('Modality').waitFor();
  await page.getByRole('region', { name: 'ICU risk of patient 7' }).getByText('Assessed').waitFor();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByRole('link', { name: 'History', exact: true }).click();
  await page.getByText('No radiograph was sent yet').waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
  expect(faults).toEqual([]);
});

withBrowser(
  'without the model and the ICU service it says so, a job is cancelled, one fails, and the history tells why',
  WHOLE_TEST,
  async () => {
    await using system = await startSystem({ serving: 'dead', icu: 'dead' });
    const { page, atHand } = await visit(visitor.browser, `${system.url}/`, { colorScheme: 'dark' });
    await page.getByLabel('Patient').fill('7');
    const [waits, fails] = await Promise.all([picture('png', 3), picture('png', 4)]);
    await drop(page, [
      { name: 'waits.png', mimeType: 'image/png', buffer: waits },
      { name: 'fails.png', mimeType: 'image/png', buffer: fails },
    ]);
    const item = page.locator('.worklist li').first();
    await item.getByText('The model cannot be reached: it is tried again by itself').waitFor();
    await page.getByRole('button', { name: 'Cancel waits.png' }).click();
    await item.getByText('Cancelled').waitFor();
    await page.goto(`${system.url}/#/patients/7`);
    const risk = page.getByRole('region', { name: 'ICU risk of patient 7' });
    await risk
      .getByText('The risk is unavailable. The radiograph’s reading does not depend on it.')
      .waitFor();
    await risk.getByRole('button', { name: 'Try again' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);

    // A model that was never there is a wrong setting: its jobs fail after six attempts.
    await page.goto(`${system.url}/#/`);
    await page.getByRole('alert').getByText('The model cannot be reached').waitFor();
    await page.goto(`${system.url}/#/history`);
    await page.reload();
    const verdicts = page.locator('.tile-verdict');
    await eventually(async () => (await verdicts.allTextContents()).sort()).toEqual([
      'Not read: cancelled',
      'Not read: the model cannot be reached',
    ]);
    await verdicts.getByText('the model').click();
    await page.getByText('Try again when the model is back.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);

    // Its patient goes with it alone, whether a file is chosen or not.
    const patient = page.getByRole('combobox', { name: 'Patient' });
    await patient.fill('12');
    const again = page.getByRole('button', { name: 'Choose the file again' });
    const givenUp = page.waitForEvent('filechooser');
    await again.click();
    await givenUp;
    await drop(page, [{ name: 'next.png', mimeType: 'image/png', buffer: waits }]);
    atHand.push({ name: 'again.png', mimeType: 'image/png', buffer: fails });
    await again.click();
    const items = page.locator('.worklist li .name');
    await items.filter({ hasText: 'again.png' }).getByText('patient 7').waitFor();
    await items.filter({ hasText: 'next.png' }).getByText('patient 12').waitFor();
    expect(await patient.inputValue()).toBe('12');
    expect(await items.count()).toBe(2);
  },
);

/** Five processes are started, one of them twice. */
withBrowser(
  'it survives a gateway that is killed while files are sent and read',
  { timeout: 180_000 },
  async () => {
    await using system = await startInstallation();
    const { page } = await visit(visitor.browser, `${system.url}/`);
    const files = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => ({
        name: `file-${i}.png`,
        mimeType: 'image/png',
        buffer: await picture('png', 40 + i),
      })),
    );
    const killed = page.waitForRequest(
      (request) => request.method() === 'POST' && 'apollo-require-preflight' in request.headers(),
    );
    await drop(page, files);
    await killed;
    const again = system.line('"msg":"started"');
    process.kill(system.pid('gateway'), 'SIGKILL');
    await again;
    await eventually(() => page.getByRole('status').textContent()).toBe('8 of 8 files read.');
    const names = await page.locator('.worklist li .name a').allTextContents();
    expect(names).toEqual(files.map(({ name }) => name));
    await eventually(() => page.getByText('The connection is lost').count()).toBe(0);
    await page.getByRole('region', { name: 'Probabilities' }).waitFor();
  },
);
