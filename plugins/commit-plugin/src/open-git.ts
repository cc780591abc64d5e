import type { ExecResult, PluginContext } from '@kb-labs/sdk';

import { gitFailure } from './git-failure.js';

interface GitOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly maxOutputBytes?: number;
  /** Exit codes that are an answer. Only 0 when left out. */
  readonly accept?: readonly number[];
}

/** Runs one git command in the workspace. Throws what `gitFailure` makes of an exit code that is not accepted. */
export type Git = (args: readonly string[], options?: GitOptions) => Promise<ExecResult>;

export type GitContext = Pick<PluginContext, 'exec'>;

/** English messages, because failures are told apart by them, and no question that nobody is there to answer. */
const QUIET = { LC_MESSAGES: 'C', LANGUAGE: '', GIT_TERMINAL_PROMPT: '0' };

/** What a look at a repository may not do: take locks, reach the network, fetch what a partial clone left out. */
const READ_ONLY = { GIT_OPTIONAL_LOCKS: '0', GIT_ALLOW_PROTOCOL: 'none', GIT_NO_LAZY_FETCH: '1' };

/** Settings of a repository that name programs git would start while it only looks. */
const NO_PROGRAMS = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];

/** Git as it is configured: hooks, filters and signing of the repository run, as they do for a person who commits. */
export function openForWriting(ctx: GitContext): Git {
  return (args, options) => run(ctx, { args, prefix: [], env: QUIET, options });
}

/**
 * Git for looking only. A repository can come from anywhere, and its own configuration may name programs to run
 * on `diff` and `status`: none of them is started. Filters set up outside the repository, as git-lfs does, still work.
 */
export async function openForReading(ctx: GitContext): Promise<Git> {
  const base = { ...QUIET, ...READ_ONLY };
  const listed = await run(ctx, {
    args: ['config', '--null', '--show-scope', '--name-only', '--get-regexp', '^filter\\.'],
    prefix: [],
    env: base,
    // 1: there are none.
    options: { accept: [0, 1] },
  });
  const env = { ...base, ...withoutFilters(filtersOfRepository(listed.stdout)) };
  return (args, options) => run(ctx, { args, prefix: NO_PROGRAMS, env, options });
}

/** Reads pairs of scope and key. The name of a filter may itself hold dots. */
function filtersOfRepository(listed: string): ReadonlySet<string> {
  const fields = listed.split('\0');
  const names = new Set<string>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const key = fields[at + 1] ?? '';
    if (fields[at] !== 'local' && fields[at] !== 'worktree') continue;
    names.add(key.slice('filter.'.length, key.lastIndexOf('.')));
  }
  return names;
}

/** By variables, not by `-c`: there a name that holds `=` could not be written. */
function withoutFilters(names: ReadonlySet<string>): Record<string, string> {
  const settings = [...names].flatMap((name) => [
    [`filter.${name}.clean`, ''],
    [`filter.${name}.smudge`, ''],
    [`filter.${name}.process`, ''],
    [`filter.${name}.required`, 'false'],
  ]);
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  for (const [at, [key = '', value = '']] of settings.entries()) {
    env[`GIT_CONFIG_KEY_${String(at)}`] = key;
    env[`GIT_CONFIG_VALUE_${String(at)}`] = value;
  }
  return env;
}

interface Run {
  readonly args: readonly string[];
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly options: GitOptions | undefined;
}

async function run(ctx: GitContext, { args, prefix, env, options = {} }: Run): Promise<ExecResult> {
  const result = await ctx.exec('git', ['--no-pager', ...prefix, ...args], {
    env: { ...env, ...options.env },
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.maxOutputBytes === undefined ? {} : { maxOutputBytes: options.maxOutputBytes }),
  });
  if (!(options.accept ?? [0]).includes(result.exitCode)) throw gitFailure(args, result);
  return result;
}
