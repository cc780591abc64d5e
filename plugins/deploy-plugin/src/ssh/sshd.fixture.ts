import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const SSHD = '/usr/sbin/sshd';
const KEYGEN = 'ssh-keygen';

/** A real server on a free port of this machine, that lets in the user of the tests by one key. */
export interface TestServer {
  readonly port: number;
  readonly user: string;
  readonly key: string;
  readonly strangerKey: string;
  /** Let in, but whatever it asks for, the server says hello. */
  readonly forcedKey: string;
  readonly knownHosts: string;
  readonly log: () => string;
  readonly stop: () => void;
}

/** Why there can be none here, if so. */
export function missingForSsh(): string | undefined {
  for (const program of [SSHD, 'ssh', 'rsync', KEYGEN]) {
    try {
      execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' });
    } catch {
      return `${program} is not here (Debian: openssh-server, openssh-client, rsync)`;
    }
  }
  return undefined;
}

export async function startSshd(): Promise<TestServer> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kb-sshd-')));
  const makeKey = (name: string): string => {
    execFileSync(KEYGEN, ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)]);
    return readFileSync(join(folder, name), 'utf8');
  };
  makeKey('host');
  const key = makeKey('user');
  const strangerKey = makeKey('stranger');
  const forcedKey = makeKey('forced');
  const authorized = `${readFileSync(join(folder, 'user.pub'), 'utf8')}command="echo hello" ${readFileSync(join(folder, 'forced.pub'), 'utf8')}`;
  writeFileSync(join(folder, 'authorized'), authorized, { mode: 0o600 });
  // What sshd of Debian wants when it is started by root.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const port = await freePort();
  const settings = [
    `Port ${String(port)}`, 'ListenAddress 127.0.0.1', `HostKey ${join(folder, 'host')}`, `AuthorizedKeysFile ${join(folder, 'authorized')}`, 'PidFile none', 'UsePAM no', 'StrictModes no',
    'PermitRootLogin prohibit-password', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'MaxStartups 100', 'PermitUserEnvironment no', 'LogLevel VERBOSE',
    // Half of what a connection costs: the exchange of keys that is the default now, and files of this user that bash reads when it is the first shell.
    'KexAlgorithms curve25519-sha256', 'SetEnv SHLVL=1',
  ];
  writeFileSync(join(folder, 'config'), `${settings.join('\n')}\n`);
  const child = spawn(SSHD, ['-D', '-e', '-f', join(folder, 'config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  await answering(port, child, () => log);
  const hostKey = readFileSync(join(folder, 'host.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
  return {
    port,
    user: userInfo().username,
    key,
    strangerKey,
    forcedKey,
    knownHosts: `[127.0.0.1]:${String(port)} ${hostKey}\n`,
    log: () => log,
    stop: () => {
      child.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answering(port: number, child: ChildProcess, log: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`sshd has ended: ${log()}`);
    const open = await new Promise<boolean>((done) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => done(true)).once('error', () => done(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((done) => setTimeout(done, 20));
  }
}
