import { type Browser, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, test } from 'vitest';
import type { BundleName } from '../web/served-bundle.ts';
import { bundleWeb } from '../web/web-bundle.ts';
import { executablePath } from './chromium.ts';
import { type System, startSystem } from './system.ts';

export const withBrowser = test.runIf(executablePath);

type FileBrowser = { readonly browser: Browser | undefined };

/** A browser for all tests of a file, which leaves no page behind from one to the next.
 *  @param bundle what it is to be served, made of the present sources */
export function fileBrowser(bundle?: BundleName): FileBrowser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (bundle) await bundleWeb(bundle);
    if (executablePath) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  }, 120_000);
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
  });
  afterAll(() => browser?.close());
  return {
    get browser() {
      return browser;
    },
  };
}

/** A system for all tests of a file, and a browser to look at it. */
export function browserSystem(bundle?: BundleName): FileBrowser & { readonly url: string } {
  const visitor = fileBrowser(bundle);
  let system: System | undefined;
  beforeAll(async () => {
    system = await startSystem();
  }, 120_000);
  afterAll(() => system?.[Symbol.asyncDispose]());
  return {
    get browser() {
      return visitor.browser;
    },
    get url() {
      if (!system) throw new Error('The system is there within tests alone');
      return system.url;
    },
  };
}
