import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPackages } from './build-packages.mjs';
import { CommandFailed, explainFailure, stopCommands } from './run-command.mjs';
import { installDependencies } from './install-dependencies.mjs';
import { findPackageManager } from './find-package-manager.mjs';
import { takeLock } from './take-lock.mjs';
import { showProgress } from './show-progress.mjs';

/** @typedef {{ root: string, home: string, log: string, progress: import('./show-progress.mjs').Progress }} Setup */

/**
 * Brings a clone to the state in which the CLI and the tests run: package
 * manager, dependencies (the pinned Node among them), build, and last the stamp
 * that lets the next start skip all of this. Everything is said on stderr.
 *
 * @returns {Promise<number>} the exit code
 */
export async function ensureBuilt(root = join(dirname(fileURLToPath(import.meta.url)), '../..')) {
  const home = join(root, '.bootstrap');
  const log = join(home, 'setup.log');
  mkdirSync(home, { recursive: true });
  const progress = showProgress(process.stderr);
  const release = await takeLock(join(home, 'lock'), (owner) => {
    progress.note(`waiting for another setup of this folder (process ${owner})`);
  });
  const forgetSignals = endOnSignals(release, progress);
  try {
    // The one this waited for may have done everything.
    if (isFresh(root)) return 0;
    rmSync(join(home, 'stamp'), { force: true });
    const stamp = join(home, 'stamp.new');
    writeFileSync(stamp, '');
    writeFileSync(log, '');

    const setup = { root, home, log, progress };
    const packageManager = await findPackageManager(setup);
    const node = await installDependencies(setup, packageManager);
    await buildPackages(setup, { packageManager, node });
    renameSync(stamp, join(home, 'stamp'));
    return 0;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    progress.fail(explainFailure(error, log));
    return 1;
  } finally {
    forgetSignals();
    progress.end();
    release();
  }
}

/** @param {string} root */
function isFresh(root) {
  return spawnSync('sh', [join(root, 'tooling/launch/fresh.sh'), root], { stdio: 'ignore', env: withoutRoot() }).status === 0;
}

function withoutRoot() {
  const { root: _, ...env } = process.env;
  return env;
}

/**
 * A signal, or the death of the shell that started this, ends the commands
 * under way and gives the lock back; no stamp is left.
 *
 * @param {() => void} release
 * @param {Setup['progress']} progress
 */
function endOnSignals(release, progress) {
  const parent = process.ppid;
  /** @param {NodeJS.Signals} signal */
  const end = (signal) => {
    forget();
    stopCommands();
    progress.end();
    release();
    process.kill(process.pid, signal);
  };
  const orphanCheck = setInterval(() => {
    if (process.ppid !== parent) end('SIGTERM');
  }, 500).unref();
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const forget = () => {
    clearInterval(orphanCheck);
    for (const signal of signals) process.off(signal, end);
  };
  for (const signal of signals) process.on(signal, end);
  return forget;
}
