import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { basename } from 'node:path';

/** A step of the setup that did not succeed. */
export class CommandFailed extends Error {
  /**
   * @param {string} message
   * @param {string} [hint] what to do about it, when that is known
   */
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/** @type {Set<number>} */
const groups = new Set();

/**
 * Runs a command with its output appended to a log: stdout belongs to the CLI.
 * It gets a process group of its own, so that ending it ends what it started.
 *
 * @param {readonly [string, ...string[]]} command program and arguments
 * @param {{ cwd: string, log: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<void>}
 */
export function runCommand([program, ...args], { cwd, log, env = process.env }) {
  const name = basename(program);
  const output = openSync(log, 'a');
  writeSync(output, `\n$ ${[program, ...args].join(' ')}\n`);
  const child = spawn(program, args, { cwd, env: quiet(env), stdio: ['ignore', output, output], detached: true });
  closeSync(output);
  const group = child.pid;
  if (group !== undefined) groups.add(group);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new CommandFailed(`${name} could not be started: ${error.message}`)));
    child.once('exit', (code, signal) => {
      if (group !== undefined) groups.delete(group);
      if (code === 0) resolve();
      else reject(new CommandFailed(`${name} ended with ${signal ?? `code ${String(code)}`}`));
    });
  });
}

/** Ends every command under way together with its descendants. */
export function stopCommands() {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGTERM');
    } catch {
      // It ended on its own.
    }
  }
}

const STACK_FRAME = /\bat \S.*:\d+:\d+\)?$/;

/**
 * What happened, the last lines of the log, and what to do.
 *
 * @param {CommandFailed} error
 * @param {string} log
 */
export function explainFailure(error, log) {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').filter((line) => !STACK_FRAME.test(line));
  const hint = error.hint ?? hintFor(lines.join('\n'));
  return [error.message, ...lines.slice(-20).map((line) => `  | ${line}`), hint, `Full output: ${log}`].join('\n');
}

/** @param {string} output */
function hintFor(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|dns error|error sending request/i.test(output)) {
    return 'The package registry could not be reached. Setting up needs it once: check the network or the proxy, then run the same command again.';
  }
  if (/ERR_PNPM_OUTDATED_LOCKFILE|Cannot install with "frozen-lockfile"/.test(output)) {
    return 'pnpm-lock.yaml does not match a package.json. Run `pnpm install`, then the same command again.';
  }
  if (/ENOSPC|no space left/i.test(output)) return 'The disk is full. Free some space and run the same command again.';
  return 'Run the same command again once this is fixed; finished steps are not repeated.';
}

// npm and pnpm wait for more than a minute before they give up on a registry; a
// setting of the user's environment wins.
const RETRY = { fetch_retries: '2', fetch_retry_mintimeout: '1000', fetch_retry_maxtimeout: '5000' };

/** @param {NodeJS.ProcessEnv} env */
function quiet(env) {
  const retry = Object.entries(RETRY).flatMap(([name, value]) => ['npm_config_', 'pnpm_config_'].map((prefix) => [prefix + name, value]));
  return {
    ...Object.fromEntries(retry),
    ...env,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
    NO_COLOR: '1',
    NO_UPDATE_NOTIFIER: '1',
    FORCE_COLOR: undefined,
  };
}
