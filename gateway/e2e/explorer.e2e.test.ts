import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { browserSystem, withBrowser } from './browser-system.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { accessibilityFaults, eventually, visit, WCAG_AA, WHOLE_TEST } from './page-visit.ts';
import { type System, startSystem } from './system.ts';

const PHANTOM = join(import.meta.dirname, '../web/public/phantom.png');
const system = browserSystem('explorer');

async function openExplorer(
  options: Parameters<typeof visit>[2] = {},
  hash = '',
  { url }: Pick<System, 'url'> = system,
) {
  const visited = await visit(system.browser, `${url}/explorer${hash}`, options);
  const { page, faults, atHand } = visited;
  atHand.push({ name: 'phantom.png', mimeType: 'image/png', buffer: readFileSync(PHANTOM) });
  // It follows jobs by server-sent events.
  page.on('websocket', (socket) => faults.push(socket.url()));
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  return visited;
}

const run = (page: Page) => page.getByRole('button', { name: /^Execute query/ }).click();
/** What the editors show; a space of the editor is one that does not break. */
async function shown(page: Page, area: string): Promise<string> {
  const lines = await page.locator(`${area} .view-line`).allTextContents();
  return lines.join('\n').replaceAll('\u00a0', ' ');
}

withBrowser('a file is uploaded, its job followed to its end, and the result read', WHOLE_TEST, async () => {
  const { page, faults } = await openExplorer();
  await page.getByRole('region', { name: 'Files' }).waitFor();
  await page.getByText('Choose files', { exact: true }).click();
  await page.getByRole('status', { name: 'Chosen for files' }).getByText('phantom.png').waitFor();

  const uploading = page.waitForRequest((request) => 'apollo-require-preflight' in request.headers());
  await run(page);
  expect((await uploading).headers()['content-type']).toContain('multipart/form-data');

  const following = page.waitForRequest((request) => request.headers().accept === 'text/event-stream');
  await page.getByRole('button', { name: /^Follow job/ }).click();
  expect((await following).url()).toBe(`${system.url}/graphql`);
  await eventually(() => shown(page, '.graphiql-response')).toMatch(/"state": "SUCCEEDED"[\s\S]*"decision"/);

  await page.getByRole('tab', { name: 'Read' }).click();
  await expect.poll(() => shown(page, '.graphiql-query-editor')).toContain('query Read');
  await run(page);
  await eventually(() => shown(page, '.graphiql-response')).toContain('"heatmap"');
  expect(faults).toEqual([]);
});

withBrowser(
  'where the schema is closed a file is uploaded too, and it says why nothing is completed',
  WHOLE_TEST,
  async () => {
    await using closed = await startSystem({ gateway: { INTROSPECTION: '0' } });
    const { page } = await openExplorer({}, '', closed);
    const notice = page.getByRole('status', { name: 'Schema' });
    await notice.getByText('This gateway does not show its schema').waitFor();
    await page.getByText('Choose files', { exact: true }).click();
    await page.getByRole('status', { name: 'Chosen for files' }).getByText('phantom.png').waitFor();
    await run(page);
    await page.getByRole('button', { name: /^Follow job/ }).waitFor();
    expect(await accessibilityFaults(page, WCAG_AA, ['.graphiql-tabs', '.monaco-editor'])).toEqual([]);
  },
);

withBrowser('where a token is wanted it says where to write it', WHOLE_TEST, async () => {
  await using provider = await startIdentityProvider();
  await using guarded = await startSystem({ gateway: { ...provider.settings, INTROSPECTION: '1' } });
  const { page } = await openExplorer({}, '', guarded);
  const notice = page.getByRole('status', { name: 'Schema' });
  await notice.getByText('This gateway wants a token').waitFor();
  const token = await provider.token({ scope: 'radiograph:write' });
  await page.getByRole('button', { name: 'Headers' }).click();
  await page.locator('.graphiql-editor-tool .monaco-editor:visible').click();
  await page.keyboard.insertText(JSON.stringify({ authorization: `Bearer ${token}` }));
  await page.getByRole('button', { name: 'Re-fetch GraphQL schema' }).click();
  await eventually(() => notice.textContent()).toBe('');
  await page.getByRole('button', { name: 'Synthetic sample' }).click();
  await page.getByRole('button', { name: 'Clear' }).waitFor();
  await run(page);
  await page.getByRole('button', { name: /^Follow job/ }).waitFor();
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
  await page.getByRole('button', { name: /^Follow job/ }).waitFor();
  for (const name of ['Follow', 'Read']) {
    await page.getByRole('tab', { name }).click();
    await expect.poll(() => shown(page, '.graphiql-query-editor')).toContain(name);
    await setHeaders();
    await run(page);
    await eventually(() => shown(page, '.graphiql-response')).toMatch(/"(data|errors)"/);
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
  await eventually(() => shown(page, '.graphiql-query-editor')).toContain('query First(');
  await eventually(() => shown(page, '.graphiql-editor-tool')).toContain('"first": 5');
  await run(page);
  await eventually(() => shown(page, '.graphiql-response')).toContain('"nodes"');
  // A picture of ours would have the browser ask for an icon that is not there.
  await page.goto('about:blank');
  await page.goto(
    `${system.url}/explorer${link('query Second($id: ID!) { patient(id: $id) { id } }', '{ "id": "73" }')}`,
  );
  await eventually(() => shown(page, '.graphiql-query-editor')).toContain('query Second(');
  await eventually(() => shown(page, '.graphiql-editor-tool')).toContain('"id": "73"');
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
  await eventually(() => shown(page, '.graphiql-response')).toContain('"jobs"');
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
  await page.getByRole('button', { name: /^Follow job/ }).waitFor();
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
