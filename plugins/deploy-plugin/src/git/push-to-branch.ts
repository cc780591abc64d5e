import { join, resolve } from 'node:path';

import type { PluginContext } from '@kb-labs/sdk';

import { askProgram } from '../ask-program.js';
import { keyOf } from '../note-release.js';
import type { PushOutcome } from '../push-outcome.js';
import type { ReleaseNote, SourceEntry } from '../release/requests.js';
import { withTemporaryFolder } from '../temporary-folder.js';
import { type BranchCommit, fetchBranch, pushCommit, refuseBadBranch, trailers } from './branch-history.js';
import { type BranchRepository, committerEnv, openBranchRepository } from './open-git.js';
import { writeTree } from './write-tree.js';

/** How often the branch may move between the look at it and the push. */
const TRIES = 3;

interface BranchTarget {
  readonly remote: string;
  readonly branch: string;
  readonly source: string;
  readonly message?: string | undefined;
}

/** A commit on a branch whose whole tree is the source. */
export function pushToBranch({ remote, branch, source, message }: BranchTarget, note: ReleaseNote, ctx: PluginContext): Promise<PushOutcome> {
  return withTemporaryFolder(async (folder) => {
    const repository = await openBranchRepository(ctx, { folder: join(folder, 'git'), remote });
    await refuseBadBranch(repository.git, branch);
    const entries: SourceEntry[] = [];
    const { files, bytes } = await askProgram(ctx, { act: 'scan', workspace: ctx.workspace, source, want: 'names' }, { onEntry: (entry) => entries.push(entry) });
    const tree = await writeTree(repository.git, { root: resolve(ctx.workspace, source), entries, index: join(folder, 'index') });
    const text = message ?? ['Deploy', note.version].filter(Boolean).join(' ');
    const from = note.commit === undefined ? '' : `From ${note.commit}\n`;
    const placed = await place(repository, { branch, tree, message: `${text.trimEnd()}\n\n${from}${from === '' ? '' : '\n'}${trailers(keyOf(ctx))}`, key: keyOf(ctx) });
    return { ...placed, files, bytes };
  });
}

interface Wanted {
  readonly branch: string;
  readonly tree: string;
  readonly message: string;
  readonly key: string;
}

type Placed = Pick<PushOutcome, 'release' | 'previous' | 'changed' | 'repeated'>;

async function place(repository: BranchRepository, { branch, tree, message, key }: Wanted): Promise<Placed> {
  const env = await committerEnv(repository.git);
  for (let left = TRIES; left > 0; left -= 1) {
    const history = await fetchBranch(repository, branch, { all: false });
    const earlier = history.findIndex((one) => one.key === key);
    if (earlier !== -1) return describeEarlier(history, earlier);
    const [head] = history;
    if (head?.tree === tree) return { release: head.shows, previous: head.shows, changed: false, repeated: false };
    const commit = await pushCommit(repository, { branch, tree, parent: head?.commit, message, env });
    if (commit !== undefined) return { release: commit, previous: head?.shows ?? null, changed: true, repeated: false };
  }
  throw Object.assign(new Error(`the branch ${branch} keeps moving while it is deployed to`), { code: 'BRANCH_MOVED' });
}

function describeEarlier(history: readonly BranchCommit[], at: number): Placed {
  const before = history[at + 1];
  return { release: history[at]?.shows ?? '', previous: before?.shows ?? null, changed: before?.tree !== history[at]?.tree, repeated: true };
}
