import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

// Workspace packages are resolved to their sources, so no test waits for a
// build and no test can pass on a stale one.
const conditions = ['@kb-labs/source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['{packages,plugins,apps}/*/{src,test}/**/*.test.ts', 'tooling/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      // Publishing everything takes minutes and a registry: `npm run test:publish` does it.
      ...(process.env['KB_PUBLISH'] === 'full' ? [] : ['tooling/scenarios/publish.test.ts']),
      // A flood of a script in every shape: `npm run test:faults` does it. That of a whole daemon is tried each time.
      ...(process.env['KB_FAULTS'] === 'full' ? [] : ['packages/plugin-host/src/script/flood.test.ts']),
      // Makes pictures for the docs: `npm run screenshots`.
      ...(process.env['KB_SCREENSHOTS'] === '1' ? [] : ['tooling/scenarios/studio/screenshots.test.ts']),
    ],
    environment: 'node',
    pool: 'forks',
    // Half of a test's time is spent waiting for processes: one file at a time would leave a machine of two cores idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 30_000,
    reporters: ['default', './tooling/vitest/totals-reporter.ts'],
  },
});
