import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

// Workspace packages are resolved to their sources, so no test waits for a
// build and no test can pass on a stale one.
const conditions = ['@kb-labs/source', 'module', 'node', 'development|production'];

// Functions of their arguments, which leave nothing behind in the process that a later file could meet.
const PURE = '{packages/{contracts,digest,errors,expressions,manifest,projector,resolver,triggers},apps/studio}/src/**/*.test.ts';

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      // A process for each file would spend half its time on starting.
      { test: { name: 'pure', include: [PURE], isolate: false } },
      { test: { name: 'all else', include: ['{packages,plugins,apps}/*/{src,test}/**/*.test.ts', 'tooling/**/*.test.ts', 'examples/**/*.test.ts'], exclude: [PURE] } },
    ],
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      // Publishing everything takes minutes and a registry, releasing it by its own engine builds it anew: `npm run test:publish` does both.
      ...(process.env['KB_PUBLISH'] === 'full' ? [] : ['tooling/scenarios/publish.test.ts', 'tooling/scenarios/release-pipeline.test.ts']),
      // What takes longest of `npm run test:faults`. Of each promise a shorter test is tried every time: `scenarios/flood`,
      // `state-full-redis` with the `disk-full` of the store, the conformance suites of both stores.
      ...(process.env['KB_FAULTS'] === 'full' ? [] : ['packages/plugin-host/src/script/flood.test.ts', 'tooling/scenarios/state-full-disk.test.ts', 'tooling/scenarios/same-behaviour.test.ts']),
      // Every page in a browser, in both themes, takes minutes: `npm run test:studio` does it.
      ...(process.env['KB_STUDIO'] === '1' || process.env['KB_SCREENSHOTS'] === '1' ? [] : ['tooling/scenarios/studio/**']),
      // Makes pictures for the docs: `npm run screenshots`.
      ...(process.env['KB_SCREENSHOTS'] === '1' ? [] : ['tooling/scenarios/studio/screenshots.test.ts']),
    ],
    environment: 'node',
    pool: 'forks',
    // Half of a test's time is spent waiting for processes: as many files as cores would leave a small machine idle.
    maxWorkers: Math.max(3, availableParallelism()),
    // For what hangs. No test is a measurement: a machine that is slow or shared takes several times as long.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './tooling/vitest/totals-reporter.ts'],
  },
});
