import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleWeb } from '../web/web-bundle.ts';
import { executablePath } from './chromium.ts';
import { accessibilityFaults, WCAG_AA } from './page-visit.ts';
import { type System, startSystem } from './system.ts';

const PHANTOM = join(import.meta.dirname, '../web/public/phantom.png');
/** Monaco is several megabytes of script, and the tests share two cores. */
const PATIENCE = { timeout: 30_000 };
const WHOLE_TEST = { timeout: 120_000 };
const withBrowser = test.runIf(executablePath);
if (!executablePath)
  console.warn(
    'SKIPPED: the explorer is not tested, since there is no Chromium here (Debian package chromium)',
  );

let system: System;
let browser: Browser | undefined;
beforeAll(async () => {
  await bundleWeb('explorer');
  system = await startSystem();
  if (executablePath) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await system[Symbol.asyncDispose]();
});

/** Every fault that the browser tells: errors, refusals of the policy, and requests to another origin. */
async function openExplorer(options: Parameters<Browser['newPage']>[0] = {}, hash = '') {
  if (!browser) throw new Error('There is no browser');
  const page = await browser.newPage(options);
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('request', (request) => {
    const local = /^(data|blob):/.test(request.url()) || new URL(request.url()).origin === system.url;
    if (!local) faults.push(request.url());
  });
  page.on('websocket', (socket) => faults.push(socket.url()));
  await page.addInitScript(
    "document.addEventListener('securitypolicyviolation', (event) => console.error(event.violatedDirective + ' ' + event.blockedURI))",
  );
  page.on('filechooser', (chooser) => void chooser.setFiles(PHANTOM));
  await page.goto(`${system.url}/explorer${hash}`);
  await page.locator('.graphiql-query-editor .view-line').first().waitFor(PATIENCE);
  return { page, faults };
}

const run = (page: Page) => page.getByRole('button', { name: /^Execute query/ }).click();
/** What the editors show; a space of the editor is one that does not break. */
async function shown(page: Page, area: string): Promise<string> {
  const lines = await page.locator(`${area} .view-line`).allTextContents();
  return lines.join('\n').replaceAll('\u00a0', ' ');
}

withBrowser('a file is uploaded, its job followed to its end, and the result read', WHOLE_TEST, async () => {
  const { page, faults } = await openExplorer();
  await page.getByRole('region', { name: 'Files' }).waitFor(PATIENCE);
  await page.getByText('Choose files', { exact: true }).click();
  await page.getByRole('status', { name: 'Chosen for files' }).getByText('phantom.png').waitFor();

  const uploading = page.waitForRequest((request) => 'apollo-require-preflight' in request.headers());
  await run(page);
  expect((await uploading).headers()['content-type']).toContain('multipart/form-data');

  const following = page.waitForRequest((request) => request.headers().accept === 'text/event-stream');
  await page.getByRole('button', { name: /^Follow job/ }).click();
  expect((await following).url()).toBe(`${system.url}/graphql`);
  await expect
    .poll(() => shown(page, '.graphiql-response'), PATIENCE)
    .toMatch(/"state": "SUCCEEDED"[\s\S]*"decision"/);

  await page.getByRole('tab', { name: 'Read' }).click();
  await expect.poll(() => shown(page, '.graphiql-query-editor')).toContain('query Read');
  await run(page);
  await expect.poll(() => shown(page, '.graphiql-response'), PATIENCE).toContain('"heatmap"');
  expect(faults).toEqual([]);
});

withBrowser('headers of the editor go with a request, a subscription and an upload', WHOLE_TEST, async () => {
  const { page, faults } = await openExplorer();
  const authorised: string[] = [];
  page.on('request', (request) => {
    const { authorization, accept, 'content-type': type } = request.headers();
    if (authorization === 'Bearer abc')
      authorised.push(`${type?.split(';')[0]} for ${accept?.split(',')[0]}`);
  });
  const setHeaders = async () => {
    await page.getByRole('button', { name: 'Headers' }).click();
    await page.locator('.graphiql-editor-tool .monaco-editor:visible').click();
    await page.keyboard.insertText('{ "authorization": "Bearer abc" }');
  };
  await setHeaders();
  await page.getByRole('button', { name: 'Synthetic sample' }).click();
  await page.getByRole('button', { name: 'Clear' }).waitFor();
  await run(page);
  await page.getByRole('button', { name: /^Follow job/ }).waitFor(PATIENCE);
  for (const name of ['Follow', 'Read']) {
    await page.getByRole('tab', { name }).click();
    await expect.poll(() => shown(page, '.graphiql-query-editor')).toContain(name);
    await setHeaders();
    await run(page);
    await expect.poll(() => shown(page, '.graphiql-response'), PATIENCE).toMatch(/"(data|errors)"/);
  }
  expect(new Set(authorised)).toEqual(
    new Set([
      'multipart/form-data for application/graphql-response+json',
      'application/json for text/event-stream',
      'application/json for application/graphql-response+json',
    ]),
  );
  expect(faults).toEqual([]);
});

withBrowser('what a page links to is in the editors, beside the tabs that are kept', WHOLE_TEST, async () => {
  const link = (query: string, variables: string) => `#${new URLSearchParams({ query, variables })}`;
  const asked: string[] = [];
  const { page, faults } = await openExplorer(
    {},
    link('query First($first: Int) { radiographs(first: $first) { nodes { id } } }', '{ "first": 5 }'),
  );
  page.on('request', (request) => asked.push(request.url()));
  expect(page.url()).toBe(`${system.url}/explorer`);
  await expect.poll(() => shown(page, '.graphiql-query-editor'), PATIENCE).toContain('query First(');
  await expect.poll(() => shown(page, '.graphiql-editor-tool'), PATIENCE).toContain('"first": 5');
  await run(page);
  await expect.poll(() => shown(page, '.graphiql-response'), PATIENCE).toContain('"nodes"');
  // A picture of ours would have the browser ask for an icon that is not there.
  await page.goto('about:blank');
  await page.goto(
    `${system.url}/explorer${link('query Second($id: ID!) { patient(id: $id) { id } }', '{ "id": "73" }')}`,
  );
  await expect.poll(() => shown(page, '.graphiql-query-editor'), PATIENCE).toContain('query Second(');
  await expect.poll(() => shown(page, '.graphiql-editor-tool'), PATIENCE).toContain('"id": "73"');
  for (const name of ['First', 'Upload', 'Second']) await page.getByRole('tab', { name }).waitFor();
  // Names of bundled files and ports hold any digits.
  expect(asked.filter((address) => /First|Second|73/.test(new URL(address).search))).toEqual([]);
  expect(faults).toEqual([]);
});

withBrowser('it is usable at 360 px, in the dark, and says what it is not for', WHOLE_TEST, async () => {
  const { page, faults } = await openExplorer({
    viewport: { width: 360, height: 800 },
    colorScheme: 'dark',
  });
  expect(await page.getByRole('note').textContent()).toBe('Not for clinical use.');
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  await page.getByRole('button', { name: 'Synthetic sample' }).click();
  await page.getByRole('button', { name: 'Clear' }).waitFor();
  await run(page);
  await expect.poll(() => shown(page, '.graphiql-response'), PATIENCE).toContain('"jobs"');
  const heights = await page
    .locator('.graphiql-editors, .graphiql-response')
    .evaluateAll((areas) => areas.map((area) => (area as unknown as { clientHeight: number }).clientHeight));
  expect(Math.min(...heights)).toBeGreaterThan(300);
  const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
  expect(paper).toBe('rgb(33, 42, 59)');
  expect(faults).toEqual([]);
});

withBrowser.each(['light', 'dark'] as const)('it is accessible in %s', WHOLE_TEST, async (colorScheme) => {
  const { page, faults } = await openExplorer({ colorScheme });
  await page.getByRole('button', { name: 'Synthetic sample' }).click();
  await page.getByRole('button', { name: 'Clear' }).waitFor();
  await run(page);
  await page.getByRole('button', { name: /^Follow job/ }).waitFor(PATIENCE);
  // GraphiQL has a small button within each of its tabs, and its editor has colours of its own.
  expect(await accessibilityFaults(page, WCAG_AA, ['.graphiql-tabs', '.monaco-editor'])).toEqual([]);
  expect(faults).toEqual([]);
});

test('a browser gets Sandbox at /graphql: embedded, bound to this endpoint, without telemetry, and the way to the explorer', async () => {
  const answer = await fetch(`${system.url}/graphql`, { headers: { accept: 'text/html' } });
  const html = await answer.text();
  expect(answer.headers.get('content-type')).toContain('text/html');
  expect(html).toContain('new window.EmbeddedSandbox(');
  const [, config = ''] = /embeddedSandboxConfig = (\{.*\});/.exec(html) ?? [];
  expect(JSON.parse(config)).toMatchObject({ runTelemetry: false, endpointIsEditable: false });
  expect(html).toMatch(/\.note \{[^}]*position: fixed/);
  expect(html).toContain('Not for clinical use');
  expect(html).toContain('<a href="/explorer">');
});
