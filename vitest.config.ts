import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  // As Node resolves it: the package's `module` field would bring a second copy beside the one that Apollo requires.
  resolve: {
    alias: [{ find: /^graphql$/, replacement: join(import.meta.dirname, 'node_modules/graphql/index.js') }],
  },
  test: {
    include: ['{gateway,subgraphs,serving,schema,loadtest,deploy}/**/*.test.ts'],
    // Model server and images in several files at once would fight for two cores.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
