import { existsSync } from 'node:fs';

/** The browser of the machine; the tests that need one are skipped, loudly, where there is none. */
export const executablePath = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find(existsSync);
