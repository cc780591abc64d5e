import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RedisServer {
  readonly url: string;
  /** The hard way, as a crash does; what it had written stays for `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes what it had written. */
  remove(): Promise<void>;
}

/** A Redis of the test's own on a free port, with an append-only file. Fails when there is no redis-server. */
export async function startRedis(): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'kb-redis-'));
  const port = await freePort();
  let server = await launch(dir, port);
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${String(port)}`,
    kill,
    async start() {
      server = await launch(dir, port);
    },
    async remove() {
      await kill();
      await rm(dir, { recursive: true });
    },
  };
}

async function launch(dir: string, port: number): Promise<ChildProcess> {
  const options = { port, bind: '127.0.0.1', dir, save: '', appendonly: 'yes', appendfsync: 'everysec', 'maxmemory-policy': 'noeviction' };
  const server = spawn('redis-server', Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]), { stdio: ['ignore', 'pipe', 'inherit'] });
  // A test that is given up must not leave it behind.
  process.once('exit', () => server.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    let printed = '';
    server.on('error', (cause) => reject(new Error('redis-server cannot be started: install Redis 6.2 or newer (on Debian: apt-get install redis-server)', { cause })));
    server.on('exit', () => reject(new Error(`redis-server ended:\n${printed}`)));
    server.stdout.on('data', (text: Buffer) => {
      printed += text.toString();
      if (printed.includes('Ready to accept connections')) resolve();
    });
  });
  return server;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
