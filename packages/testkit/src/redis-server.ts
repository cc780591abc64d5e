import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Where its files are. */
  readonly dir: string;
  /** Ends it the hard way and waits until it is gone. What its file holds stays. */
  kill(): Promise<void>;
  /**
   * Starts it again on the same port and files, after `redis-check-aof --fix`: a server that was killed in the middle of a write
   * leaves the beginning of a transaction in its append-only file, and versions up to 7 at least carry that out with the next one.
   * `mend: false` leaves the file as it is.
   */
  restart(options?: { readonly mend?: boolean }): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts a server of the test's own on a free port of this machine, with an append-only file unless `settings` say otherwise.
 * Fails, saying what to install, when there is no `redis-server`.
 */
export async function startRedisServer(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'kb-redis-'));
  const port = await freePort();
  let child = await launch(port, dir, settings);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return {
    port,
    url: `redis://127.0.0.1:${String(port)}`,
    get pid() {
      return child.pid ?? 0;
    },
    kill,
    dir,
    async restart({ mend = true } = {}) {
      if (mend) await mendFile(dir);
      child = await launch(port, dir, settings);
    },
    async stop() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function launch(port: number, dir: string, settings: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const all = { port: String(port), bind: '127.0.0.1', dir, save: '', appendonly: 'yes', appendfsync: 'everysec', daemonize: 'no', ...settings };
  const child = spawn('redis-server', Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]), { stdio: ['ignore', 'pipe', 'inherit'] });
  // A test that is given up must not leave it behind.
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'ENOENT' ? new Error('these tests need the program redis-server, version 6.2 or newer: "apt-get install redis-server"', { cause }) : cause);
    });
    child.once('exit', () => reject(new Error(`redis-server ended: ${said.slice(-500)}`)));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Ready to accept connections')) resolve();
    });
  });
  return child;
}

async function mendFile(dir: string): Promise<void> {
  const file = [join(dir, 'appendonlydir/appendonly.aof.manifest'), join(dir, 'appendonly.aof')].find((path) => existsSync(path));
  if (file === undefined) return;
  const check = spawn('redis-check-aof', ['--fix', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  check.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  check.stdin.on('error', () => undefined);
  check.stdin.end('y\n');
  const [code] = (await once(check, 'close')) as [number | null];
  if (code !== 0) throw new Error(`redis-check-aof could not mend ${file}: ${said.slice(-500)}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
