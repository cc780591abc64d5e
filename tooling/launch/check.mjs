import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const node = process.execPath;
const bin = (/** @type {string} */ path) => join(root, 'node_modules', path);

/** @typedef {readonly [name: string, ...commands: (readonly string[])[]]} Step */

/** One list after the other; what is in the same one is done beside each other. @type {readonly (readonly Step[])[]} */
const STAGES = [
  [['build', [bin('turbo/bin/turbo'), 'run', 'build', '--ui=stream', '--output-logs=errors-only'], ['tooling/declarations/emit.mjs']]],
  [['packages', ['tooling/release/check-packages.mjs']]],
  [
    ['types', ...['tsconfig.json', 'apps/studio', 'tooling/scenarios/studio'].map((program) => [bin('typescript-7/bin/tsc'), '-p', program, '--pretty', 'false'])],
    ['lint', [bin('oxlint/bin/oxlint')]],
    ['boundaries', ['tooling/boundaries/check.mjs']],
    ['knip', [bin('knip/bin/knip.js'), '--no-progress']],
  ],
  [['test', [bin('vitest/vitest.mjs'), 'run']]],
];
/** Compilers of the whole repository take a gigabyte each. */
const AT_ONCE = 2;

process.exitCode = await check(process.argv.slice(2));

/**
 * Runs every step, says one line about each, and the totals of the tests last.
 *
 * @param {readonly string[]} args `--without STEP`, as often as needed
 */
async function check(args) {
  const names = STAGES.flat().map(([name]) => name);
  const without = args.filter((_, index) => args[index - 1] === '--without');
  if (!without.every((name) => names.includes(name)) || args.length !== without.length * 2) {
    console.error(`usage: check [--without ${names.join('|')}]...`);
    return 2;
  }
  const totals = join(root, '.bootstrap/test-totals');
  mkdirSync(join(root, '.bootstrap'), { recursive: true });
  rmSync(totals, { force: true });

  const failed = [];
  for (const stage of STAGES) {
    const steps = stage.filter(([name]) => !without.includes(name)).map((step) => ({ name: step[0], done: Promise.withResolvers(), step }));
    const left = [...steps];
    for (let n = 0; n < AT_ONCE; n += 1) void runAll(left, totals);
    for (const { name, done } of steps) {
      const { ok, said, seconds } = await done.promise;
      if (!ok) failed.push(name);
      if (said !== '') console.log(said);
      console.log(`${name.padEnd(11)}${ok ? 'ok    ' : 'FAILED'} ${seconds.toFixed(1).padStart(7)} s`);
    }
  }
  console.log(failed.length === 0 ? 'check: ok' : `check: FAILED (${failed.join(', ')})`);
  if (!without.includes('test')) console.log(readTotals(totals));
  return failed.length === 0 ? 0 : 1;
}

/**
 * @param {{ step: Step, done: PromiseWithResolvers<any> }[]} left
 * @param {string} totals
 */
async function runAll(left, totals) {
  for (let next = left.shift(); next !== undefined; next = left.shift()) next.done.resolve(await runStep(next.step, totals));
}

/**
 * Its commands, until one fails. Tests talk while they run; the others only when they have something to say.
 *
 * @param {Step} step
 * @param {string} totals
 */
async function runStep([name, ...commands], totals) {
  const started = Date.now();
  const live = name === 'test';
  /** @type {string[]} */
  const outputs = [];
  let ok = true;
  for (const command of commands) {
    const child = spawn(node, command, { cwd: root, stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'], env: { ...process.env, KB_TEST_TOTALS: totals } });
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => outputs.push(text));
    ok = await new Promise((resolve) => {
      child.once('error', (error) => {
        outputs.push(error.message);
        resolve(false);
      });
      child.once('close', (code) => resolve(code === 0));
    });
    if (!ok) break;
  }
  return { ok, said: ok || live ? '' : outputs.join('').trimEnd(), seconds: (Date.now() - started) / 1_000 };
}

/** @param {string} file */
function readTotals(file) {
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch {
    return '0 passed, 1 failed, 0 skipped';
  }
}
