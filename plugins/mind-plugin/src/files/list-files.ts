import { FatalError, type PluginContext } from '@kb-labs/sdk';

import { pathMatcher } from './match-path.js';
import { passedOver, type SkipReason } from './passed-over.js';

export interface FileSelection {
  readonly paths?: readonly string[];
  readonly exclude: readonly string[];
}

export interface FileList {
  /** Relative to the workspace, in the order of their characters, each once. */
  readonly paths: readonly string[];
  readonly skipped: ReadonlyMap<SkipReason, number>;
}

const LIST_BYTES = 256 * 1024 * 1024;
/** With more than this, neither would questions be answered in time nor the index fit into memory. */
const MOST_FILES = 100_000;

/** Settings of a repository that name programs git would start while it only looks, and what a look need not do. */
const ONLY_LOOK = ['--no-pager', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];
const ENV = { LC_MESSAGES: 'C', LANGUAGE: '', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', GIT_ALLOW_PROTOCOL: 'none', GIT_NO_LAZY_FETCH: '1' };

/** The files that the index is about: those that git knows or would add, or all where there is no repository; less what is passed over by name. */
export async function listFiles(ctx: Pick<PluginContext, 'exec' | 'fs'>, { paths, exclude }: FileSelection): Promise<FileList> {
  const skipped = new Map<SkipReason, number>();
  const skip = (reason: SkipReason): undefined => void skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  const isWanted = paths === undefined ? () => true : pathMatcher(paths);
  const isExcluded = pathMatcher(exclude);
  const kept = new Set<string>();
  for (const { path, reason } of (await listedByGit(ctx)) ?? (await listedByFolder(ctx))) {
    if (!isWanted(path)) continue;
    const why = isExcluded(path) ? 'excluded' : (passedOver(path) ?? reason ?? (kept.size >= MOST_FILES ? 'too-many' : undefined));
    if (why === undefined) kept.add(path);
    else skip(why);
  }
  return { paths: [...kept].sort(), skipped };
}

interface Listed {
  readonly path: string;
  readonly reason?: SkipReason;
}

/** `undefined` where there is no git, or no repository. */
async function listedByGit(ctx: Pick<PluginContext, 'exec'>): Promise<readonly Listed[] | undefined> {
  const args = [...ONLY_LOOK, 'ls-files', '-z', '--cached', '--stage', '--others', '--exclude-standard', '--', '.'];
  const listed = await ctx.exec('git', args, { env: ENV, maxOutputBytes: LIST_BYTES }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'PROGRAM_NOT_FOUND') return undefined;
    throw error;
  });
  if (listed === undefined || /^fatal: (?:not a git repository|this operation must be run in a work tree)/m.test(listed.stderr)) return undefined;
  if (listed.exitCode !== 0) {
    // Without git's word on what is ignored, what nobody wanted to be seen would be indexed.
    throw new FatalError(`git ls-files ended with exit code ${String(listed.exitCode)}: ${listed.stderr.trim().slice(-2_000)}`, { code: 'GIT_FAILED' });
  }
  return listed.stdout.split('\0').filter((entry) => entry !== '').map(toListed);
}

/** `mode object stage\tpath` of what is in git's index, the path alone of the rest; a path with a slash at the end is a repository of its own. */
function toListed(entry: string): Listed {
  const [, mode, path] = /^(\d{6}) [0-9a-f]+ \d\t([^]*)$/.exec(entry) ?? [];
  if (mode === '120000') return { path: path ?? entry, reason: 'link' };
  if (mode === '160000' || entry.endsWith('/')) return { path: path ?? entry.slice(0, -1), reason: 'submodule' };
  return { path: path ?? entry };
}

async function listedByFolder(ctx: Pick<PluginContext, 'fs'>): Promise<readonly Listed[]> {
  return (await ctx.fs.list('**/*')).map((path) => ({ path }));
}
