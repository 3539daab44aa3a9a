import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  // A training may compute for five minutes; the cases share one IRIS.
  test: { include: ['subgraphs/icu/engines/iris/*.live.ts'], testTimeout: 15 * 60_000, maxConcurrency: 1 },
});
