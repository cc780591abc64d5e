import { FatalError } from '@kb-labs/sdk';

import type { BranchRepository, Git } from './open-git.js';

/** How far back an earlier try of the same step is looked for. */
const DEPTH = 50;
const KEY = 'Kb-Deploy-Key';
const RESTORES = 'Kb-Deploy-Restores';

/** A commit of the branch. `shows` is the deployment whose contents it has: itself, or the one that a rollback has restored. */
export interface BranchCommit {
  readonly commit: string;
  readonly shows: string;
  readonly key: string | undefined;
  readonly tree: string;
  readonly parent: string | undefined;
}

/** Refuses a name that git would not take for a branch. */
export async function refuseBadBranch(git: Git, branch: string): Promise<void> {
  const judged = await git(['check-ref-format', `refs/heads/${branch}`], { accept: [0, 1] });
  if (judged.exitCode !== 0) throw new FatalError(`${JSON.stringify(branch)} is no name for a branch`, { code: 'BRANCH_INVALID' });
}

/** The branch as the remote has it now, the newest commit first; empty when there is no such branch. `all` fetches its whole history. */
export async function fetchBranch({ git, address }: BranchRepository, branch: string, { all }: { readonly all: boolean }): Promise<BranchCommit[]> {
  const listed = await git(['ls-remote', '--', address, `refs/heads/${branch}`]);
  if (!listed.stdout.split('\n').some((line) => line.endsWith(`\trefs/heads/${branch}`))) return [];
  // Nothing of an earlier look stays: a shallow history cannot be told from a whole one afterwards.
  await git(['fetch', '--quiet', '--no-tags', ...(all ? [] : [`--depth=${String(DEPTH)}`]), '--', address, `+refs/heads/${branch}:refs/heads/base`]);
  const format = ['%H', '%T', '%P', `%(trailers:key=${KEY},valueonly,separator=%x20)`, `%(trailers:key=${RESTORES},valueonly,separator=%x20)`].join('%x1f');
  const log = await git(['log', '--first-parent', '-z', `--format=${format}`, 'refs/heads/base', '--']);
  return log.stdout.split('\0').filter(Boolean).map(toCommit);
}

/** The trailers by which a commit is found again. */
export function trailers(key: string, restores?: string): string {
  return `${KEY}: ${key}${restores === undefined ? '' : `\n${RESTORES}: ${restores}`}`;
}

export interface NewCommit {
  readonly branch: string;
  readonly tree: string;
  /** The commit it follows, which the remote still has to have. */
  readonly parent: string | undefined;
  readonly message: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Commits a tree and pushes it, if the branch is still where it was. Resolves to the commit, or to `undefined` when it has moved. */
export async function pushCommit({ git, address }: BranchRepository, { branch, tree, parent, message, env }: NewCommit): Promise<string | undefined> {
  const made = await git(['-c', 'i18n.commitEncoding=UTF-8', 'commit-tree', ...(parent === undefined ? [] : ['-p', parent]), '-F', '-', tree], { input: `${message.trimEnd()}\n`, env });
  const commit = made.stdout.trim();
  const ref = `refs/heads/${branch}`;
  const pushed = await git(['push', '--porcelain', `--force-with-lease=${ref}:${parent ?? ''}`, '--', address, `${commit}:${ref}`], { accept: [0, 1] });
  if (pushed.exitCode === 0) return commit;
  if (/^!.*\[(?:rejected|remote rejected)\] \((?:stale info|fetch first|non-fast-forward|.*cannot lock ref.*|.*failed to update ref.*|.*reference already exists.*)\)/m.test(pushed.stdout)) return undefined;
  const words = `${pushed.stdout}\n${pushed.stderr}`.trim().slice(-2_000);
  throw Object.assign(new Error(`the remote refuses the push: ${words}`), { code: 'PUSH_REFUSED' });
}

function toCommit(line: string): BranchCommit {
  const [commit = '', tree = '', parents = '', keys = '', restores = ''] = line.split('\x1f');
  const restored = lastWord(restores);
  return { commit, tree, parent: parents.split(' ')[0] || undefined, key: lastWord(keys), shows: restored !== undefined && /^[0-9a-f]{40,64}$/.test(restored) ? restored : commit };
}

function lastWord(text: string): string | undefined {
  return text.trim().split(/\s+/).at(-1) || undefined;
}
