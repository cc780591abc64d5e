import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { homedir, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Room } from './confinement.js';

export interface Probe {
  readonly name: string;
  readonly shell: 'node' | 'sh';
  readonly code: string;
}

/** What code in a room must not be able to do; each exits with 0 when it has done it. */
export const PROBES = JSON.parse(readFileSync(new URL('../../../../tooling/fixtures/confine/probes.json', import.meta.url), 'utf8')) as readonly Probe[];

/** Runs the probes it reads from its standard input one after another, and answers the names of those that came through. */
export const PROBE_RUNNER = `
const { spawnSync } = require('node:child_process');
const through = [];
for (const { name, shell, code } of JSON.parse(require('node:fs').readFileSync(0, 'utf8'))) {
  const [program, ...args] = shell === 'sh' ? ['sh', '-c', code] : [process.execPath, '-e', code];
  const { status } = spawnSync(program, args, { timeout: 5000, killSignal: 'SIGKILL', stdio: 'ignore' });
  if (status === 0) through.push(name);
}
console.log(JSON.stringify(through));
`;

/** A machine with everything the probes go for, and the room they are put in. */
export interface Surroundings {
  readonly room: Omit<Room, 'image'>;
  readonly env: Readonly<Record<string, string>>;
  /** What is not as it was. */
  readonly changed: () => string[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export async function surroundings(): Promise<Surroundings> {
  const id = randomBytes(8).toString('hex');
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'kb-probes-')));
  const home = realpathSync(mkdtempSync(join(homedir(), '.kb-probes-')));
  const at = (...names: string[]): string => join(root, ...names);
  for (const folder of ['outside', 'plugin', 'step', 'workspace/.kb/state', 'workspace/.kb/workflows', 'workspace/.git/hooks']) mkdirSync(at(folder), { recursive: true });
  for (const file of ['outside/secret', 'outside/to-remove', 'plugin/index.js', 'workspace/.kb/state/secret', 'workspace/.git/config']) writeFileSync(at(file), 'as it was');
  const temporary = join(tmpdir(), `kb-probes-${id}`);
  const memory = `/dev/shm/kb-probes-${id}`;
  for (const file of [join(home, 'secret'), temporary, memory]) writeFileSync(file, 'as it was');
  symlinkSync(at('outside'), at('workspace/way-out'));
  symlinkSync('.kb/state', at('workspace/way-to-state'));

  const argument = randomBytes(8).toString('hex');
  const other = spawn('sh', ['-c', 'while :; do sleep 1000; done', argument], { env: { PATH: process.env['PATH'], PROBE_PLANTED: '1' }, stdio: 'ignore' });
  const runSocket = join(process.getuid?.() === 0 ? '/run' : root, `kb-probes-${id}.sock`);
  const tcp = await listen({ port: 0, host: '::' });
  const servers = [tcp, await listen({ path: `\0kb-probes-${id}` }), await listen({ path: at('outside/socket') }), await listen({ path: at('workspace/.kb/state/socket') }), await listen({ path: runSocket })];
  const udp = createSocket('udp4', (message, { address, port }) => udp.send(message, port, address));
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const port = portOf(tcp);
  const redis = await startRedis(root);
  quietly('keyctl', ['add', 'user', `kb-probes-${id}`, 'secret', '@u']);

  return {
    room: { workspace: at('workspace'), workspaceAccess: 'write', readable: [at('plugin')], writable: [at('step')], network: false, limits: { pids: 200 }, labels: { job: 'probes' } },
    env: {
      PATH: process.env['PATH'] ?? '',
      PROBE_ABSTRACT: `kb-probes-${id}`,
      PROBE_ADDRESS: Object.values(networkInterfaces()).flat().find((each) => each?.internal === false && each.family === 'IPv4')?.address ?? '127.0.0.1',
      // Backwards, for the environment and the arguments of a probe are seen by it as well.
      PROBE_ARGUMENT: argument.split('').reverse().join(''),
      PROBE_HOME: home,
      PROBE_KEY: `kb-probes-${id}`,
      PROBE_OUTSIDE: at('outside'),
      PROBE_PID: String(other.pid),
      PROBE_PORT: String(port),
      PROBE_READABLE: at('plugin'),
      PROBE_REDIS: String(redis?.port ?? port),
      PROBE_RUN_SOCKET: runSocket,
      PROBE_SHARED_MEMORY: memory,
      PROBE_TEMPORARY: temporary,
      PROBE_UDP: String(udp.address().port),
      PROBE_WORKSPACE: at('workspace'),
    },
    changed: () => [...['outside/secret', 'outside/to-remove', 'plugin/index.js', 'workspace/.kb/state/secret', 'workspace/.git/config'].map((file) => at(file)), join(home, 'secret'), temporary, memory].filter((file) => contentOf(file) !== 'as it was'),
    [Symbol.asyncDispose]: async () => {
      for (const program of [other, redis?.program]) await endProgram(program);
      for (const server of servers) server.close();
      udp.close();
      quietly('keyctl', ['purge', 'user', `kb-probes-${id}`]);
      for (const path of [root, home, temporary, memory, runSocket]) rmSync(path, { recursive: true, force: true });
    },
  };
}

async function listen(where: { port: number; host: string } | { path: string }): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).end());
  server.listen(where);
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it has no port');
  return address.port;
}

/** `undefined` where Redis is not installed. */
async function startRedis(folder: string): Promise<{ port: number; program: ChildProcess } | undefined> {
  const free = await listen({ port: 0, host: '127.0.0.1' });
  const port = portOf(free);
  free.close();
  await once(free, 'close');
  const program = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], { stdio: ['ignore', 'pipe', 'ignore'] });
  const isReady = await new Promise<boolean>((resolve) => {
    program.once('error', () => resolve(false)).once('exit', () => resolve(false));
    program.stdout.on('data', (data: Buffer) => {
      if (data.includes('Ready to accept')) resolve(true);
    });
  });
  return isReady ? { port, program } : undefined;
}

async function endProgram(program: ChildProcess | undefined): Promise<void> {
  if (program === undefined || program.exitCode !== null) return;
  const ended = once(program, 'exit');
  program.kill('SIGKILL');
  await ended;
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** The program may be missing: then a probe has nothing to find. */
function quietly(program: string, args: string[]): void {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
  } catch {
    // It is only for the control.
  }
}
