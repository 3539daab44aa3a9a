import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { browserSystem, withBrowser } from './browser-system.ts';
import { accessibilityFaults, eventually, visit, WCAG_AA, WHOLE_TEST } from './page-visit.ts';

const PHANTOM = join(import.meta.dirname, '../web/public/phantom.png');
const system = browserSystem();

async function openDocs(options: Parameters<typeof visit>[2] = {}) {
  const visited = await visit(system.browser, `${system.url}/docs`, options);
  await visited.page.locator('#operations-REST_contract_of_2020-covid19Predict').waitFor();
  return visited;
}

async function tryOut(page: Page, operation: string) {
  const block = page.locator(`[id$="-${operation}"]`);
  await block.locator('.opblock-summary-control').click();
  await block.getByRole('button', { name: 'Try it out' }).click();
  return block;
}

withBrowser('it lists every operation, and tries out a radiograph in base64', WHOLE_TEST, async () => {
  const { page, faults } = await openDocs();
  const { paths } = (await (await fetch(`${system.url}/openapi.json`)).json()) as {
    paths: Record<string, object>;
  };
  const operations = Object.values(paths).flatMap((methods) => Object.keys(methods));
  expect(await page.locator('.opblock').count()).toBe(operations.length);
  expect(await page.getByRole('note').textContent()).toContain('Not for clinical use.');
  expect(await page.locator('.info').textContent()).toContain('Not for clinical use.');

  // Swagger UI writes it into a line for curl too, which takes long for a large one.
  const b64 = (await sharp(readFileSync(PHANTOM)).resize(100).jpeg().toBuffer()).toString('base64');
  const block = await tryOut(page, 'covid19Predict');
  for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data']) {
    await block.locator('.opblock-section-request-body select').selectOption(type);
    await block.locator('[data-property-name="b64"] :is(input, textarea)').first().fill(b64);
    const answered = page.waitForResponse(`${system.url}/covid19/api/v1/predict/`);
    await block.getByRole('button', { name: 'Execute' }).click();
    const answer = await answered;
    expect(answer.request().headers()['content-type']).toContain(type);
    expect(answer.status()).toBe(200);
    await eventually(() =>
      block.locator('.live-responses-table .microlight').first().textContent(),
    ).toContain('"X-Ray_Classfication_Raw_Result"');
    await block.getByRole('button', { name: 'Clear' }).click();
  }
  expect(faults).toEqual([]);
});

withBrowser('at 360 px it fits, and the example of the heatmap runs as it stands', WHOLE_TEST, async () => {
  const { page, faults } = await openDocs({ viewport: { width: 360, height: 800 } });
  const block = await tryOut(page, 'covid19PredictHeatmap');
  await block.getByRole('button', { name: 'Execute' }).click();
  await eventually(() => block.locator('.live-responses-table .microlight').first().textContent()).toContain(
    '"Output_Heatmap": "http',
  );
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  expect(faults).toEqual([]);
});

withBrowser.each([
  ['light', 1280],
  ['dark', 360],
] as const)('it is accessible in %s at %i px, closed and opened', WHOLE_TEST, async (colorScheme, width) => {
  const { page, faults } = await openDocs({ colorScheme, viewport: { width, height: 900 } });
  expect(await accessibilityFaults(page, WCAG_AA)).toEqual([]);
  const block = await tryOut(page, 'covid19Healthcheck');
  await block.getByRole('button', { name: 'Execute' }).click();
  await block.locator('.live-responses-table .microlight').first().waitFor();
  for (const operation of ['covid19Predict', 'fhirDiagnosticReport'])
    await page.locator(`[id$="-${operation}"] .opblock-summary-control`).click();
  // Where a reader stands is in the address, to be given to another one.
  expect(new URL(page.url()).hash).toBe('#/FHIR%20R4/fhirDiagnosticReport');
  await page.getByRole('button', { name: 'Expand all' }).first().click();
  // Also where no mouse is: a key leads there too.
  const copying = page.getByRole('button', { name: 'Copy path to clipboard' });
  for (const one of await copying.all()) expect((await one.boundingBox())?.width).toBe(24);
  expect(await accessibilityFaults(page, WCAG_AA)).toEqual([]);
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  await page.locator('.dialog-ux .modal-ux').waitFor();
  expect(await accessibilityFaults(page, WCAG_AA)).toEqual([]);
  expect(faults).toEqual([]);
});

test('its files say how they may be kept and used, and are sent compressed to whom takes that', async () => {
  for (const [path, type] of [
    ['/docs', 'text/html'],
    ['/docs/swagger-ui-bundle.js', 'text/javascript'],
    ['/docs/swagger-ui.css', 'text/css'],
    ['/docs/openapi.json', 'application/json'],
  ] as const) {
    const answer = await fetch(system.url + path);
    const text = await answer.text();
    const { headers } = answer;
    expect(headers.get('content-type')).toContain(type);
    expect(headers.get('content-encoding')).toBe('gzip');
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|https?:/);
    const plain = await fetch(system.url + path, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(await plain.text()).toBe(text);
    const again = await fetch(system.url + path, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  }
});
