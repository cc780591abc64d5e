import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KB = fileURLToPath(new URL('../../apps/cli/bin/kb.js', import.meta.url));
const PROJECT = fileURLToPath(new URL('.kb', import.meta.url));

/** Programs that run now. They are ended with this one, whatever becomes of it. */
const started = new Set();
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

/**
 * A server that answers only for what is on its disk.
 *
 * @param {string} dir
 */
export async function startRedis(dir) {
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', dir, save: '', appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = await start('redis-server', args, { ready: 'Ready to accept connections', cwd: dir });
  return { end: server.end, url: `redis://127.0.0.1:${port}` };
}

/**
 * A daemon on a machine of its own: a folder that holds the project, and the address of the state that all of them share.
 *
 * @param {string} dir a new folder; its name is the one of the machine
 * @param {string} stateUrl
 * @param {readonly string[]} options
 */
export async function startDaemon(dir, stateUrl, ...options) {
  mkdirSync(dir);
  cpSync(PROJECT, join(dir, '.kb'), { recursive: true });
  const env = { ...process.env, KB_STATE_URL: stateUrl };
  const daemon = await start(process.execPath, [KB, 'daemon:start', ...options], { ready: '"the daemon works"', cwd: dir, env });
  return { end: daemon.end, url: String(JSON.parse(daemon.line).url) };
}

/**
 * Starts a program and resolves once a line of its output holds a text; fails when it ends before.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ ready: string, cwd: string, env?: NodeJS.ProcessEnv }} options
 */
async function start(program, args, { ready, cwd, env = process.env }) {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  started.add(child);
  child.once('exit', () => started.delete(child));
  let said = '';
  /** @type {string} */
  const line = await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${program} cannot be started: ${error.message}`)));
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}:\n${said}`)));
    createInterface({ input: child.stdout }).on('line', (next) => {
      if (next.includes(ready)) resolve(next);
      else said = `${said}${next}\n`.slice(-2_000);
    });
  });
  return {
    line,
    /** @param {NodeJS.Signals} signal */
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
