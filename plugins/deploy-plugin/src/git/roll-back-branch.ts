import { join } from 'node:path';

import { FatalError, type PluginContext } from '@kb-labs/sdk';

import { keyOf } from '../note-release.js';
import type { RollbackOutcome } from '../push-outcome.js';
import { withTemporaryFolder } from '../temporary-folder.js';
import { type BranchCommit, fetchBranch, pushCommit, refuseBadBranch, trailers } from './branch-history.js';
import { committerEnv, openBranchRepository } from './open-git.js';

const TRIES = 3;

/** A new commit with the tree of a former one: history only grows. */
export function rollBackBranch(target: { readonly remote: string; readonly branch: string }, { to }: { readonly to?: string }, ctx: PluginContext): Promise<RollbackOutcome> {
  const { remote, branch } = target;
  return withTemporaryFolder(async (folder) => {
    const repository = await openBranchRepository(ctx, { folder: join(folder, 'git'), remote });
    await refuseBadBranch(repository.git, branch);
    const env = await committerEnv(repository.git);
    const key = keyOf(ctx);
    for (let left = TRIES; left > 0; left -= 1) {
      const history = await fetchBranch(repository, branch, { all: true });
      const earlier = history.findIndex((one) => one.key === key);
      if (earlier !== -1) return outcome(history, earlier);
      const [head] = history;
      if (head === undefined) throw new FatalError(`the remote has no branch ${branch}`, { code: 'NOTHING_TO_ROLL_BACK' });
      const former = to === undefined ? findFormer(history) : findNamed(history, to);
      if (former.tree === head.tree) return { release: former.shows, previous: head.shows, changed: false, repeated: false, commit: head.commit };
      const message = `Roll back to ${former.shows}\n\n${trailers(key, former.shows)}`;
      const commit = await pushCommit(repository, { branch, tree: former.tree, parent: head.commit, message, env });
      if (commit !== undefined) return { release: former.shows, previous: head.shows, changed: true, repeated: false, commit };
    }
    throw Object.assign(new Error(`the branch ${branch} keeps moving while it is rolled back`), { code: 'BRANCH_MOVED' });
  });
}

/** What the deployment that is shown now has replaced, which after a rollback lies further back. */
function findFormer(history: readonly BranchCommit[]): BranchCommit {
  const shown = history.findIndex(({ commit }) => commit === history[0]?.shows);
  const former = shown === -1 ? undefined : history[shown + 1];
  if (former === undefined) throw new FatalError('no deployment before this one is on the branch', { code: 'NOTHING_TO_ROLL_BACK' });
  return former;
}

function findNamed(history: readonly BranchCommit[], to: string): BranchCommit {
  const named = history.find(({ commit }) => commit === to);
  if (named === undefined) throw new FatalError(`the branch has no commit ${to}`, { code: 'RELEASE_MISSING' });
  return named;
}

function outcome(history: readonly BranchCommit[], at: number): RollbackOutcome {
  const [made, before] = [history[at], history[at + 1]];
  return { release: made?.shows ?? '', previous: before?.shows ?? null, changed: made?.tree !== before?.tree, repeated: true, commit: made?.commit ?? '' };
}
