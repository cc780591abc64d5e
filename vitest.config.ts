import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

// Workspace packages are resolved to their sources, so no test waits for a
// build and no test can pass on a stale one.
const conditions = ['@kb-labs/source', 'module', 'node', 'development|production'];

// Files that leave nothing behind in their process that a later one could meet: no server, no timer, no variable of the environment. They share
// processes, because one for each would spend half of its time on starting. What starts many programs has a small process of its own: a large one
// takes longer to start another.
const SHARED = [
  'packages/{client,contracts,digest,engine,errors,expressions,gateway,llm,manifest,projector,runner,sdk,store-embedded,store-redis,testkit,triggers}/src/**/*.test.ts',
  'packages/resolver/src/*.test.ts',
  'apps/{cli,daemon,studio}/src/**/*.test.ts',
];
// They compare how long a little takes with how long much takes: what other files have left in the memory of a process changes that.
const COMPARING = ['packages/expressions/src/linear.test.ts', 'packages/resolver/src/expand-matrix.test.ts', 'packages/engine/src/create-redactor.test.ts'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      { test: { name: 'shared', include: SHARED, exclude: COMPARING, isolate: false } },
      { test: { name: 'comparing', include: COMPARING } },
      { test: { name: 'apart', include: ['{packages,plugins,apps}/*/{src,test}/**/*.test.ts', 'tooling/**/*.test.ts', 'examples/**/*.test.ts'], exclude: SHARED } },
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
