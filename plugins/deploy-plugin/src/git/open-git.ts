import { type ExecResult, FatalError, type PluginContext } from '@kb-labs/sdk';

interface GitOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are an answer. Only 0 when left out. */
  readonly accept?: readonly number[];
}

/** Runs one git command. What is not accepted fails with `GIT_FAILED` and git's own words. */
export type Git = (args: readonly string[], options?: GitOptions) => Promise<ExecResult>;

/** English messages, and no question that nobody is there to answer. Addresses that name a program to run are refused. */
const QUIET = { LC_ALL: 'C', LANGUAGE: '', GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh' };
/** What of the settings of the project's repository matters to reach a remote. */
const REACHING = String.raw`^(http|credential|url|user|author|committer)\.|^core\.sshcommand$`;
const OUTPUT_BYTES = 256 * 1024 * 1024;

/** A repository of its own, for one deployment: the project's is neither written to nor are its hooks run. */
export interface BranchRepository {
  readonly git: Git;
  /** The address behind a remote's name. */
  readonly address: string;
}

export async function openBranchRepository(ctx: PluginContext, { folder, remote }: { readonly folder: string; readonly remote: string }): Promise<BranchRepository> {
  const project = openProject(ctx);
  const address = await findAddress(project, remote);
  const settings = await readSettings(project);
  const git = run(ctx, { args: ['-c', 'core.hooksPath=/dev/null', '-c', 'gc.auto=0', '-c', 'core.logAllRefUpdates=false'], env: { ...settings, GIT_DIR: folder } });
  await git(['init', '--quiet', '--bare', '--template=']);
  return { git, address };
}

/** Who commits, where git has nobody configured. */
export async function committerEnv(git: Git): Promise<Record<string, string>> {
  const known = await git(['var', 'GIT_COMMITTER_IDENT'], { accept: [0, 1, 128] });
  const configured = await git(['config', '--get-regexp', String.raw`^(user|committer)\.email$`], { accept: [0, 1] });
  if (known.exitCode === 0 && configured.exitCode === 0) return {};
  const [name, email] = ['Deployment', 'deployment@localhost'];
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
}

function openProject(ctx: PluginContext): Git {
  return run(ctx, { args: [], env: {} });
}

async function findAddress(project: Git, remote: string): Promise<string> {
  const named = await project(['remote', 'get-url', '--push', '--', remote], { accept: [0, 2, 128, 129] });
  if (named.exitCode === 0) return named.stdout.trim();
  if (/[/:]/.test(remote)) return remote;
  throw new FatalError(`the repository in the workspace has no remote ${JSON.stringify(remote)}`, { code: 'UNKNOWN_REMOTE', hint: 'give the address of a repository, or add the remote' });
}

/** By variables, not by `-c`: they can hold tokens, and arguments are there for everybody to see. */
async function readSettings(project: Git): Promise<Record<string, string>> {
  const listed = await project(['config', '--local', '--null', '--get-regexp', REACHING], { accept: [0, 1, 128, 129] });
  const settings = listed.exitCode === 0 ? listed.stdout.split('\0').filter(Boolean) : [];
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  for (const [at, setting] of settings.entries()) {
    const end = setting.indexOf('\n');
    env[`GIT_CONFIG_KEY_${String(at)}`] = end === -1 ? setting : setting.slice(0, end);
    env[`GIT_CONFIG_VALUE_${String(at)}`] = end === -1 ? 'true' : setting.slice(end + 1);
  }
  return env;
}

function run(ctx: PluginContext, base: { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> }): Git {
  return async (args, { input, env, accept = [0] } = {}) => {
    const result = await ctx.exec('git', ['--no-pager', ...base.args, ...args], {
      env: { ...QUIET, ...base.env, ...env },
      maxOutputBytes: OUTPUT_BYTES,
      ...(input === undefined ? {} : { input }),
    });
    if (accept.includes(result.exitCode)) return result;
    const words = withoutPasswords(result.stderr.trim().slice(-2_000)) || 'it gave no reason';
    throw Object.assign(new Error(`git ${args[0] ?? ''} ended with exit code ${String(result.exitCode)}: ${words}`), { code: 'GIT_FAILED' });
  };
}

/** Addresses can carry credentials, and git repeats addresses. */
function withoutPasswords(text: string): string {
  return text.replaceAll(/(\w:\/\/)[^/@\s]+@/g, '$1***@');
}
