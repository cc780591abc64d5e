import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type ExecResult, FatalError, type PluginContext } from '@kb-labs/sdk';

import { toError } from '../ask-program.js';
import { withTemporaryFolder } from '../temporary-folder.js';

const SECRET = 'DEPLOY_SSH_KEY';

export interface ServerTarget {
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly path: string;
  readonly identity?: 'secret' | 'ssh-config' | undefined;
  readonly knownHosts?: string | undefined;
}

export interface Server {
  /** Runs a script of `remote-scripts` with arguments, and gives what it said. A refusal is thrown. */
  readonly run: (script: string, args: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  /** Makes a folder there like one here. */
  readonly send: (from: string, to: string, options: readonly string[]) => Promise<void>;
}

/** A server by ssh. The key of its host has to be known, whatever the ssh configuration says. The private key is on disk only meanwhile. */
export function withServer<Result>(target: ServerTarget, ctx: PluginContext, use: (server: Server) => Promise<Result>): Promise<Result> {
  return withTemporaryFolder(async (folder) => {
    const options = await sshOptions(target, folder, ctx);
    const user = target.user === undefined ? '' : `${target.user}@`;
    const server: Server = {
      run: async (script, args) => {
        const input = `${script}main ${args.map(quotedForShell).join(' ')}\n`;
        return readAnswer(judged('ssh', await ctx.exec('ssh', [...options, '--', `${user}${target.host}`, 'sh -s'], { input }), [0, 3]));
      },
      send: async (from, to, more) => {
        const host = target.host.includes(':') ? `[${target.host}]` : target.host;
        const shell = ['ssh', ...options].map(quotedForRsync).join(' ');
        judged('rsync', await ctx.exec('rsync', [...more, '--protect-args', `--rsh=${shell}`, '--', `${from}/`, `${user}${host}:${to}/`]), [0]);
      },
    };
    return use(server);
  });
}

async function sshOptions({ port, identity = 'secret', knownHosts }: ServerTarget, folder: string, ctx: PluginContext): Promise<string[]> {
  const settings = ['BatchMode=yes', 'StrictHostKeyChecking=yes', 'ForwardAgent=no', 'ForwardX11=no', 'ClearAllForwardings=yes', 'PermitLocalCommand=no', 'ControlMaster=no', 'ControlPath=none', 'ConnectTimeout=20', 'ServerAliveInterval=15'];
  const options = ['-T'];
  if (knownHosts !== undefined) {
    const file = join(folder, 'known_hosts');
    await writeFile(file, `${knownHosts.trimEnd()}\n`, { mode: 0o600 });
    settings.push(`UserKnownHostsFile=${quotedForSsh(file)}`, 'GlobalKnownHostsFile=none', 'UpdateHostKeys=no');
  }
  if (identity === 'secret') {
    const file = join(folder, 'key');
    const key = (await ctx.secrets.get(SECRET)).replaceAll('\r', '').trim();
    await writeFile(file, `${key}\n`, { mode: 0o600 });
    options.push('-F', 'none');
    settings.push(`IdentityFile=${quotedForSsh(file)}`, 'IdentitiesOnly=yes', 'IdentityAgent=none', 'PreferredAuthentications=publickey');
  }
  if (port !== undefined) options.push('-p', String(port));
  return [...options, ...settings.flatMap((setting) => ['-o', setting])];
}

const KNOWN = [
  { code: 'HOST_KEY_UNKNOWN', words: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/, message: 'the key of the server is not the known one', hint: 'give its line of known_hosts in "knownHosts", taken from a source you trust' },
  { code: 'SSH_DENIED', words: /Permission denied \(/, message: 'the server does not let this key in', hint: 'add its public half to authorized_keys of the user' },
  { code: 'SSH_KEY_INVALID', words: /Load key .*: (?:invalid format|error in libcrypto|incorrect passphrase)/, message: `the secret ${SECRET} is no private key that can be used`, hint: 'a key without a passphrase, with all its lines' },
] as const;

function judged(program: string, result: ExecResult, accept: readonly number[]): ExecResult {
  if (accept.includes(result.exitCode)) return result;
  const words = result.stderr.trim().slice(-2_000);
  const known = KNOWN.find((one) => one.words.test(words));
  // A bad key is told twice: as what it is, and as being denied.
  const found = KNOWN[2].words.test(words) ? KNOWN[2] : known;
  if (found !== undefined) throw new FatalError(found.message, { code: found.code, hint: found.hint, details: { ssh: words } });
  throw Object.assign(new Error(`${program} ended with exit code ${String(result.exitCode)}: ${words || 'it gave no reason'}`), { code: 'SSH_FAILED' });
}

const LATER: readonly string[] = ['DEPLOY_BUSY', 'DEPLOY_FAILED'];

function readAnswer({ stdout }: ExecResult): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [, name, value] = /^kb-deploy ([a-z]+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) said.set(name, value);
  }
  const refused = said.get('refused');
  if (refused === undefined && said.has('end')) return said;
  if (refused === undefined) throw new FatalError('the server answers, but runs something else than what it is asked to', { code: 'SSH_COMMAND_FORCED', hint: 'the account needs a POSIX shell, and the key no "command" in authorized_keys' });
  const end = refused.indexOf(' ');
  const code = refused.slice(0, end);
  throw toError({ code, message: refused.slice(end + 1), later: LATER.includes(code) });
}

/** One word of the shell, whatever it holds. */
function quotedForShell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** rsync(1): words of `--rsh` are in quotes, and a quote inside is doubled. */
function quotedForRsync(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** ssh_config(5): quotes around, and `%` is doubled where tokens are known. */
function quotedForSsh(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}
