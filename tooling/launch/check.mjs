import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const node = process.execPath;
const bin = (/** @type {string} */ path) => join(root, 'node_modules', path);

/** @type {readonly (readonly [name: string, ...commands: (readonly string[])[]])[]} */
const STEPS = [
  ['build', [bin('turbo/bin/turbo'), 'run', 'build', '--ui=stream', '--output-logs=errors-only'], ['tooling/declarations/emit.mjs']],
  ['packages', ['tooling/release/check-packages.mjs']],
  ['types', ...['tsconfig.json', 'apps/studio', 'tooling/scenarios/studio'].map((program) => [bin('typescript/bin/tsc'), '-p', program, '--pretty', 'false'])],
  ['lint', [bin('eslint/bin/eslint.js'), '.']],
  ['boundaries', ['tooling/boundaries/check.mjs']],
  ['knip', [bin('knip/bin/knip.js'), '--no-progress']],
  ['test', [bin('vitest/vitest.mjs'), 'run']],
];

process.exitCode = check(process.argv.slice(2));

/**
 * Runs every step, says one line about each, and the totals of the tests last.
 *
 * @param {readonly string[]} args `--without STEP`, as often as needed
 */
function check(args) {
  const without = args.filter((_, index) => args[index - 1] === '--without');
  const unknown = without.find((name) => !STEPS.some(([step]) => step === name));
  if (unknown !== undefined || args.length !== without.length * 2) {
    console.error(`usage: check [--without ${STEPS.map(([step]) => step).join('|')}]...`);
    return 2;
  }
  const totals = join(root, '.bootstrap/test-totals');
  mkdirSync(join(root, '.bootstrap'), { recursive: true });
  rmSync(totals, { force: true });

  const failed = [];
  for (const [name, ...commands] of STEPS) {
    if (without.includes(name)) continue;
    const started = Date.now();
    // Tests talk while they run; the others only when they have something to say.
    const live = name === 'test';
    const outputs = [];
    let ok = true;
    for (const command of commands) {
      const result = spawnSync(node, command, { cwd: root, encoding: 'utf8', stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'], env: { ...process.env, KB_TEST_TOTALS: totals }, maxBuffer: 64 * 1024 * 1024 });
      outputs.push(result.stdout, result.stderr, result.error?.message);
      ok = result.status === 0;
      if (!ok) break;
    }
    if (!ok) failed.push(name);
    if (!ok && !live) console.log(outputs.filter(Boolean).join('\n').trimEnd());
    console.log(`${name.padEnd(11)}${ok ? 'ok    ' : 'FAILED'} ${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s`);
  }
  console.log(failed.length === 0 ? 'check: ok' : `check: FAILED (${failed.join(', ')})`);
  if (!without.includes('test')) console.log(readTotals(totals));
  return failed.length === 0 ? 0 : 1;
}

/** @param {string} file */
function readTotals(file) {
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch {
    return '0 passed, 1 failed, 0 skipped';
  }
}
