import { bundleExplorer } from './explorer-bundle.ts';

/** As part of `npm ci`: an explorer that cannot be built must not keep anyone from installing the rest. */
const optional = process.argv.includes('--optional');

try {
  console.log(`The explorer is ${await bundleExplorer()}`);
} catch (error) {
  console.error(`The explorer is not built: ${reason(error)}`);
  if (optional) console.error('All else works; npm run build:explorer tries again');
  else process.exitCode = 1;
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' ? 'the development packages are not installed' : message;
}
