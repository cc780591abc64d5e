import { execFile } from 'node:child_process';

import { LIMITS } from '@kb-labs/contracts';

export interface Commit {
  /** Who made it, for people. */
  readonly actor: string;
  /** The first one; absent for a first commit. */
  readonly parent?: string;
}

/** `undefined` when the repository does not have it. */
export async function commitOf(folder: string, sha: string): Promise<Commit | undefined> {
  const said = await git(folder, ['log', '-1', '--no-show-signature', '--format=%P%x00%cn', sha, '--']).catch(() => undefined);
  if (said === undefined) return undefined;
  const [parents = '', actor = ''] = said.trimEnd().split('\0');
  const [parent = ''] = parents.split(' ');
  return { actor: actor === '' ? 'git' : actor, ...(parent === '' ? {} : { parent }) };
}

/** The files that differ, relative to the root of the repository; of a first commit all that it has. `unknown` when there are too many, or they cannot be told. */
export async function pathsBetween(folder: string, before: string | undefined, sha: string): Promise<readonly string[] | 'unknown'> {
  const trees = before === undefined ? ['--root', sha] : [before, sha];
  const said = await git(folder, ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--no-commit-id', ...trees, '--']).catch(() => undefined);
  if (said === undefined) return 'unknown';
  const paths = said.split('\0').filter((path) => path !== '');
  return paths.length > LIMITS.pushPaths ? 'unknown' : paths;
}

const MOST_BYTES = 64 * 1024 * 1024;
const TIME_MS = 30_000;

/** Without what a repository's own settings could start, and without the place that a hook of git hands on. */
function git(folder: string, args: readonly string[]): Promise<string> {
  const { GIT_DIR: _dir, GIT_WORK_TREE: _tree, GIT_INDEX_FILE: _index, ...env } = process.env;
  return new Promise((resolve, reject) => {
    execFile(
      'git',
      ['--no-pager', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', ...args],
      { cwd: folder, env: { ...env, GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' }, encoding: 'utf8', maxBuffer: MOST_BYTES, timeout: TIME_MS },
      (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(error);
      },
    );
  });
}
