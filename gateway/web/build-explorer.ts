import { bundleExplorer } from './explorer-bundle.ts';

/** As part of `npm ci`: an explorer that cannot be built must not keep anyone from installing the rest. */
const optional = process.argv.includes('--optional');

try {
  console.log(`The explorer is ${await bundleExplorer()}`);
} catch (error) {
  console.error(`The explorer is not built: ${error instanceof Error ? error.message : error}`);
  if (optional) console.error('All else works; npm run build:explorer tries again');
  else process.exitCode = 1;
}
