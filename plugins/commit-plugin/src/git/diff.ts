import { type CommandHandler, FatalError, type PluginContext } from '@kb-labs/sdk';

import { countChanges } from '../count-changes.js';
import { emptyTree, findCommit, findHead, findMergeBase } from '../find-commits.js';
import { fitList, fitPatch } from '../fit-outputs.js';
import { type Git, openForReading } from '../open-git.js';
import { type Changes, parseChanges } from '../parse-changes.js';
import type { diffCommand } from '../plugin.js';

const KiB = 1024;
/** Shares of the 1 MiB that a step's outputs may take as JSON. */
const DIFF_BYTES = 700 * KiB;
const FILES_BYTES = 250 * KiB;
/** What is read of a patch at all. Past it only the list of files and the counts are given. */
const PATCH_BYTES = 32 * 1024 * KiB;

const DIFF_OPTIONS = [
  '--raw',
  '--numstat',
  '-z',
  '--find-renames',
  // A repository can name programs for both of these.
  '--no-ext-diff',
  '--no-textconv',
  // Looking into a submodule's work tree would obey that repository's configuration.
  '--ignore-submodules=dirty',
  // The rest undoes settings of a user that change the form of a patch.
  '--submodule=short',
  '--no-color',
  '--no-relative',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--inter-hunk-context=0',
  '-O/dev/null',
];

type DiffInput = Parameters<CommandHandler<typeof diffCommand>>[0];

const diff: CommandHandler<typeof diffCommand> = async (input, ctx) => {
  if (input.staged && input.head !== undefined) {
    throw new FatalError('"staged" compares the index, "head" a commit: give one of them', { code: 'INPUT_INVALID' });
  }
  const git = await openForReading(ctx);
  const ends = await findEnds(git, input);
  const { files, patch, complete } = await readChanges({ git, input, ends });

  const fittedFiles = fitList(files, FILES_BYTES);
  const fittedPatch = fitPatch(patch, DIFF_BYTES);
  const truncated = !complete || fittedFiles.left > 0 || fittedPatch.left > 0;
  if (truncated) await keepWhole({ ctx, patch, complete, left: fittedPatch.left });
  return {
    diff: fittedPatch.value,
    base: ends.base,
    head: ends.head ?? null,
    target: ends.target,
    stats: countChanges(files),
    files: fittedFiles.value,
    truncated,
  };
};

export default diff;

interface Ends {
  readonly base: string;
  readonly head: string | undefined;
  readonly target: 'commit' | 'work-tree' | 'index';
}

async function findEnds(git: Git, input: DiffInput): Promise<Ends> {
  if (input.head !== undefined) {
    const head = await findCommit(git, input.head);
    return { base: await findMergeBase(git, await findCommit(git, input.base), head), head, target: 'commit' };
  }
  const target = input.staged ? 'index' : 'work-tree';
  const head = await findHead(git);
  if (head !== undefined) {
    const base = input.base === 'HEAD' ? head : await findCommit(git, input.base);
    return { base: await findMergeBase(git, base, head), head, target };
  }
  // Before the first commit everything is new. Another revision cannot share history with nothing.
  const base = input.base === 'HEAD' ? await emptyTree(git) : await findCommit(git, input.base);
  return { base, head, target };
}

interface Reading {
  readonly git: Git;
  readonly input: DiffInput;
  readonly ends: Ends;
}

async function readChanges({ git, input, ends }: Reading): Promise<Changes & { complete: boolean }> {
  const args = [
    ...(ends.target === 'index' ? ['--cached'] : []),
    ends.base,
    ...(ends.target === 'commit' && ends.head !== undefined ? [ends.head] : []),
    '--',
    ...(input.paths ?? []),
  ];
  // One call, so that list, counts and patch are of the same moment of a work tree in use.
  const command = ['-c', 'core.quotePath=false', '-c', 'diff.suppressBlankEmpty=false', 'diff', ...DIFF_OPTIONS];
  try {
    const whole = await git([...command, '--patch', `--unified=${String(input.contextLines)}`, ...args], { maxOutputBytes: PATCH_BYTES });
    return { ...parseChanges(whole.stdout), complete: true };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXEC_OUTPUT_TOO_LARGE')) throw error;
    const counted = await git([...command, ...args], { maxOutputBytes: PATCH_BYTES });
    return { ...parseChanges(counted.stdout), complete: false };
  }
}

interface Leftover {
  readonly ctx: PluginContext;
  readonly patch: string;
  readonly complete: boolean;
  readonly left: number;
}

/** Says what an output leaves out, and keeps the whole patch as an artifact where it could be read. */
async function keepWhole({ ctx, patch, complete, left }: Leftover): Promise<void> {
  if (!complete) {
    ctx.log.warn(`the patch is larger than ${String(PATCH_BYTES)} bytes: the output has the list of files and the counts only`);
    return;
  }
  if (left === 0) {
    ctx.log.warn('the change has too many files for an output: the list of files is cut, the counts are of all');
    return;
  }
  await ctx.artifacts.save({ name: 'changes.diff', type: 'diff', label: 'The whole change', content: patch });
  ctx.log.warn(`the patch is too large for an output: ${String(left)} files are left out of it; the artifact changes.diff has them all`);
}
