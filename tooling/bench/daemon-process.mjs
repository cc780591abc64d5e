import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const KB = join(ROOT, 'apps/cli/bin/kb.js');
const PINNED_NODE = join(ROOT, 'node_modules/node/bin/node');
/** What the programs are run with. */
export const NODE = existsSync(PINNED_NODE) ? PINNED_NODE : process.execPath;

/**
 * @typedef {object} Daemon
 * @property {string} url
 * @property {number} pid
 * @property {(path: string, options?: RequestInit) => Promise<Response>} request with the key of this machine; fails unless it is answered well
 * @property {() => Promise<unknown>} stop
 */

/**
 * Starts the daemon of a project and resolves once it works.
 *
 * @param {string} project
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<Daemon>}
 */
export async function startDaemon(project, env = {}) {
  if (!existsSync(join(ROOT, 'apps/cli/dist/main.cjs'))) throw new Error('build @kb-labs/cli first');
  const daemon = spawn(NODE, [KB, 'daemon:start', '--port=0'], { cwd: project, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  const url = await addressOf(daemon);
  const key = readFileSync(join(project, '.kb/state/loopback.key'), 'utf8').trim();
  return {
    url,
    pid: daemon.pid ?? 0,
    request: async (path, options = {}) => {
      const response = await fetch(url + path, { ...options, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...options.headers } });
      if (!response.ok) throw new Error(`${path} was answered with ${String(response.status)}: ${await response.text()}`);
      return response;
    },
    stop: () => {
      daemon.kill('SIGTERM');
      return ended;
    },
  };
}

/**
 * @param {import('node:child_process').ChildProcess} daemon
 * @returns {Promise<string>}
 */
async function addressOf(daemon) {
  if (daemon.stdout === null) throw new Error('the daemon has no output');
  for await (const line of createInterface({ input: daemon.stdout })) {
    const { message, url } = JSON.parse(line);
    if (message !== 'the daemon works') continue;
    // What it logs from here on is of no interest, and must not fill the pipe.
    daemon.stdout.resume();
    return url;
  }
  throw new Error('the daemon did not start');
}
