import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import { NotHere } from './not-here.mjs';

const START_MS = 60_000;
const LOOK_MS = 50;
const END_MS = 10_000;
const SAID_KEPT = 2_000;

/**
 * Starts a server and waits until it answers. What it says is told when it does not start. Fails with `NotHere` when there is no such program.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions & { ready: () => Promise<boolean>, endWith?: NodeJS.Signals }} options
 */
export async function startServer(program, args, { ready, endWith = 'SIGTERM', ...options }) {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', resolve);
  });
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (said = (said + text).slice(-SAID_KEPT)));
  const deadline = Date.now() + START_MS;
  while (!(await ready().catch(() => false))) {
    if (child.exitCode !== null || child.pid === undefined) throw new NotHere(`${program} does not start: ${said}`);
    if (Date.now() > deadline) throw new NotHere(`${program} does not answer: ${said}`);
    await wait(LOOK_MS);
  }
  return {
    async stop() {
      process.off('exit', end);
      const timer = setTimeout(end, END_MS);
      child.kill(endWith);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** A port of this machine that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
