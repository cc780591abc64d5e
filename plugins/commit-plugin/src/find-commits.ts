import { FatalError } from '@kb-labs/sdk';

import type { Git } from './open-git.js';

/** Control characters, which no revision holds. */
const CONTROL = /\p{Cc}/u;

/** The commit a revision names. Whatever a revision looks like, git never reads it as an option. */
export async function findCommit(git: Git, revision: string): Promise<string> {
  const commit = await tryCommit(git, revision);
  if (commit === undefined) {
    throw new FatalError(`the repository has no revision ${JSON.stringify(revision)}`, {
      code: 'UNKNOWN_REVISION',
      hint: 'fetch it first; a branch that only the remote has is called "origin/<branch>"',
      details: { revision },
    });
  }
  return commit;
}

/** The checked-out commit, or `undefined` before the first one. */
export function findHead(git: Git): Promise<string | undefined> {
  return tryCommit(git, 'HEAD');
}

/** The checked-out branch, or `undefined` on a detached HEAD. */
export async function findBranch(git: Git): Promise<string | undefined> {
  // Not by `--short`: it writes "heads/<name>" where a tag has the same name.
  const found = await git(['symbolic-ref', '--quiet', 'HEAD'], { accept: [0, 1] });
  return /^refs\/heads\/(.+)$/.exec(found.stdout.trim())?.[1];
}

/** Where two lines of history parted. */
export async function findMergeBase(git: Git, base: string, head: string): Promise<string> {
  if (base === head) return base;
  const found = await git(['merge-base', base, head], { accept: [0, 1] });
  if (found.exitCode === 0) return found.stdout.trim();
  throw new FatalError('the two revisions have no common history', {
    code: 'NO_MERGE_BASE',
    hint: 'in a shallow clone, fetch more of the history',
    details: { base, head },
  });
}

/** The id of the tree without files: what a first commit is compared with. It depends on the repository's hash. */
export async function emptyTree(git: Git): Promise<string> {
  return (await git(['hash-object', '-t', 'tree', '--stdin'], { input: '' })).stdout.trim();
}

async function tryCommit(git: Git, revision: string): Promise<string | undefined> {
  if (revision === '' || CONTROL.test(revision)) return undefined;
  const found = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`], { accept: [0, 1] });
  const id = found.stdout.trim();
  // Git answers "^HEAD" with "^" and an id: what a revision leaves out is no commit.
  return /^[0-9a-f]+$/.test(id) ? id : undefined;
}
