import axe, { type AxeResults, type RunOptions } from 'axe-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { executablePath } from './chromium.ts';

/** The model and the browser share two cores with other tests. */
const PATIENCE = { timeout: 45_000 };
/** As `expect.poll`, with that patience. */
export const eventually = <Value>(read: () => Value | Promise<Value>) => expect.poll(read, PATIENCE);
export const WHOLE_TEST = { timeout: 120_000 };

if (!executablePath)
  console.warn('SKIPPED: no page is tested, since there is no Chromium here (Debian package chromium)');

export type Visit = {
  readonly page: Page;
  /** Errors, refusals of the content security policy, and requests to another host. */
  readonly faults: string[];
  /** Addresses of what was asked for. */
  readonly requests: string[];
  /** What is given to whatever asks for files. */
  readonly atHand: GivenFile[];
};

export type GivenFile = { readonly name: string; readonly mimeType: string; readonly buffer: Buffer };

/** Opens an address in a browser of its own memory. */
export async function visit(
  browser: Browser | undefined,
  url: string,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<Visit> {
  if (!browser) throw new Error('There is no browser');
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.setDefaultTimeout(PATIENCE.timeout);
  const { host } = new URL(url);
  const faults: string[] = [];
  const requests: string[] = [];
  const atHand: GivenFile[] = [];
  const note = (address: string) => {
    requests.push(address);
    if (!/^(data|blob):/.test(address) && new URL(address).host !== host) faults.push(address);
  };
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  // Before the page is there: a listener that comes later is not asked.
  page.on('filechooser', (chooser) => void chooser.setFiles(atHand));
  page.on('request', (request) => note(request.url()));
  page.on('websocket', (socket) => note(socket.url()));
  await page.addInitScript(
    "document.addEventListener('securitypolicyviolation', (event) => console.error(event.violatedDirective + ' ' + event.blockedURI))",
  );
  await page.goto(url);
  return { page, faults, requests, atHand };
}

/** Drops files as a file manager does. */
export async function drop(page: Page, files: readonly GivenFile[]): Promise<void> {
  const given = files.map(({ name, mimeType, buffer }) => [name, mimeType, buffer.toString('base64')]);
  const dataTransfer = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    for (const [name, type, text] of ${JSON.stringify(given)})
      transfer.items.add(new File([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))], name, { type }));
    return transfer;
  })()`);
  for (const event of ['dragover', 'drop']) await page.dispatchEvent('body', event, { dataTransfer });
}

/** Drops files and folders of the disk by the browser's own events. */
export async function dropPaths(page: Page, paths: readonly string[]): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await devtools.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
}

/** Of axe-core's rules those of WCAG 2.2, levels A and AA; without it the good practices count too. */
export const WCAG_AA: RunOptions = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };

/** What axe-core finds wrong, by its rule and place. @param exclude what is not looked at */
export async function accessibilityFaults(
  page: Page,
  options: RunOptions = {},
  exclude: readonly string[] = [],
): Promise<string[]> {
  await page.evaluate(axe.source);
  const asked = [{ exclude }, options].map((one) => JSON.stringify(one)).join();
  const { violations, passes } = await page.evaluate<AxeResults>(`axe.run(${asked})`);
  expect(passes.length).toBeGreaterThan(15);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

/** What of an element is asked in the browser; its types are not those of Node. */
type Matching = { matches(selector: string): boolean };

/** Walks with the Tab key until an element has the focus. */
export async function tabTo(page: Page, wanted: Locator): Promise<void> {
  for (let steps = 0; steps < 80; steps += 1) {
    if (await wanted.evaluate((one) => (one as unknown as Matching).matches(':focus'))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('The Tab key does not lead there');
}

/** Widths of what is scrolled to the side: of the page and its window. */
export const widths = (page: Page): Promise<number[]> =>
  page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
