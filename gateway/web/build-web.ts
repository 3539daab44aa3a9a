import { BUNDLES } from './served-bundle.ts';
import { bundleWeb } from './web-bundle.ts';

/** As part of `npm ci`: a page that cannot be built must not keep anyone from installing the rest. */
const optional = process.argv.includes('--optional');

try {
  for (const name of BUNDLES) console.log(`The ${name} is ${await bundleWeb(name)}`);
} catch (error) {
  console.error(`What browsers are shown is not built: ${reason(error)}`);
  if (optional) console.error('All else works; npm run build:web tries again');
  else process.exitCode = 1;
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' ? 'the development packages are not installed' : message;
}
