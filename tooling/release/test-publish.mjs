import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Builds everything, publishes it to a registry of this machine, and uses it from there as somebody would who has nothing but npm; and
 * releases it by its own engine: the part of the tests that `npm test` leaves out, because it takes more than a minute and needs a registry for what is not ours.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (/** @type {string} */ path) => join(root, 'node_modules', path);

process.exitCode = [
  [bin('turbo/bin/turbo'), 'run', 'build', '--ui=stream', '--output-logs=errors-only'],
  [join(root, 'tooling/declarations/emit.mjs')],
  [bin('vitest/vitest.mjs'), 'run', 'tooling/scenarios/publish.test.ts', 'tooling/scenarios/release-pipeline.test.ts'],
].every((command) => spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit', env: { ...process.env, KB_PUBLISH: 'full' } }).status === 0)
  ? 0
  : 1;
