import { FatalError } from '@kb-labs/sdk';

import { findBranch, findHead } from '../find-commits.js';
import { type GitContext, openForReading } from '../open-git.js';
import type { GitHub } from './open-github.js';

/** Where comments of one kind are. `thread` lists and takes new ones; `one` is where each of them is. */
export interface Place {
  readonly thread: string;
  readonly one: string;
}

/** What a step says of the place. */
export interface NamedPlace {
  readonly pull?: number | undefined;
  readonly branch?: string | undefined;
  readonly sha?: string | undefined;
}

export interface PlaceSources {
  readonly ctx: GitContext;
  readonly github: GitHub;
  readonly repo: string;
}

/** The named place. Where none is named: the open pull request of the branch that is checked out, else the commit. */
export async function findPlace({ pull, branch, sha }: NamedPlace, { ctx, github, repo }: PlaceSources): Promise<Place> {
  if ([pull, branch, sha].filter((each) => each !== undefined).length > 1) {
    throw new FatalError('a comment goes to one place', { code: 'INPUT_INVALID', hint: 'give one of "pull", "branch" and "sha", or none for what is checked out' });
  }
  if (pull !== undefined) return onPull(repo, pull);
  if (sha !== undefined) return onCommit(repo, sha);
  if (branch === undefined) return findCheckedOut({ ctx, github, repo });
  const found = await findPull(github, repo, branch);
  if (found === undefined) throw new FatalError(`${repo} has no open pull request of the branch ${branch}`, { code: 'NO_PULL_REQUEST' });
  return onPull(repo, found);
}

async function findCheckedOut({ ctx, github, repo }: PlaceSources): Promise<Place> {
  const git = await openForReading(ctx);
  const head = await findHead(git);
  if (head === undefined) {
    throw new FatalError('nothing is committed here yet that a comment could be on', { code: 'UNKNOWN_REVISION', hint: 'commit first, or give one of "pull", "branch" and "sha"' });
  }
  const branch = await findBranch(git);
  const pull = branch === undefined ? undefined : await findPull(github, repo, branch);
  return pull === undefined ? onCommit(repo, head) : onPull(repo, pull);
}

async function findPull(github: GitHub, repo: string, branch: string): Promise<number | undefined> {
  const head = encodeURIComponent(`${repo.split('/')[0] ?? ''}:${branch}`);
  const found = await github('GET', `/repos/${repo}/pulls?state=open&head=${head}`);
  const first: unknown = Array.isArray(found) ? found[0] : undefined;
  return typeof first === 'object' && first !== null && 'number' in first && typeof first.number === 'number' ? first.number : undefined;
}

function onPull(repo: string, pull: number): Place {
  return { thread: `/repos/${repo}/issues/${String(pull)}/comments`, one: `/repos/${repo}/issues/comments` };
}

function onCommit(repo: string, sha: string): Place {
  return { thread: `/repos/${repo}/commits/${sha}/comments`, one: `/repos/${repo}/comments` };
}
