import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The tests that break something while the engine works. `npm test` runs them too, with fewer faults; here each runs at the
 * size that docs/reliability.md gives. A name stands for every test file that begins with it.
 */
const TESTS = [
  // Machines, networks and servers that go away.
  'tooling/scenarios/partition',
  'tooling/scenarios/rolling-restart',
  'tooling/scenarios/redis-faults',
  'packages/store-redis/src/server-kills',
  'packages/store-redis/src/torn-tail',
  'packages/store-redis/src/failures',
  // Processes that are killed, stand still, or are told to stop.
  'tooling/scenarios/kill-',
  'tooling/scenarios/flow-crash',
  'tooling/scenarios/quarantine',
  'tooling/scenarios/resume-many',
  'tooling/scenarios/one-key',
  'tooling/scenarios/follow-log',
  'tooling/scenarios/waiting-load',
  'tooling/scenarios/two-workers',
  'tooling/scenarios/triggers-schedule',
  'packages/store-embedded/src/crash',
  'packages/store-embedded/src/many-processes',
  'packages/store-redis/src/crash',
  'packages/store-redis/src/rough-work',
  'packages/engine/src/takeover',
  // Things that happen in any order.
  'packages/engine/src/interleavings',
  'packages/resolver/src/needs-oracle',
  'tooling/scenarios/same-behaviour',
  // Stores that fail or are full.
  'tooling/scenarios/faulty-store',
  'tooling/scenarios/state-full',
  'packages/store-embedded/src/disk-full',
  // More than there is room for.
  'tooling/scenarios/fair-tenants',
  'tooling/scenarios/flood',
  'packages/plugin-host/src/script/flood',
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const absent = TESTS.filter((name) => !filesOf(name).some((file) => file.endsWith('.test.ts')));
if (absent.length > 0) {
  console.error(`no test file begins with: ${absent.join(', ')}`);
  process.exitCode = 1;
} else {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--maxWorkers=2', ...TESTS, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit', env: { ...process.env, KB_FAULTS: 'full' } });
  child.once('exit', (code) => (process.exitCode = code ?? 1));
}

/** @param {string} name */
function filesOf(name) {
  const folder = join(root, dirname(name));
  return readdirSync(folder).map((file) => join(folder, file)).filter((file) => file.startsWith(join(root, name)));
}
