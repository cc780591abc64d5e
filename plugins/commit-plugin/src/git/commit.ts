import { type CommandHandler, FatalError, type PluginContext } from '@kb-labs/sdk';

import { countChanges } from '../count-changes.js';
import { emptyTree, findCommit } from '../find-commits.js';
import { findEarlierCommit, reflogAction } from '../find-earlier-commit.js';
import { fitList } from '../fit-outputs.js';
import { type Git, openForReading, openForWriting } from '../open-git.js';
import { parseChanges } from '../parse-changes.js';
import type { commitCommand } from '../plugin.js';

type CommitInput = Parameters<CommandHandler<typeof commitCommand>>[0];
type CommitOutput = Awaited<ReturnType<CommandHandler<typeof commitCommand>>>;

const FILES_BYTES = 700 * 1024;
const LIST_BYTES = 64 * 1024 * 1024;

const commit: CommandHandler<typeof commitCommand> = async (input, ctx) => {
  if (input.all && input.paths !== undefined) {
    throw new FatalError('"all" commits every change, "paths" some: give one of them', { code: 'INPUT_INVALID' });
  }
  const look = await openForReading(ctx);
  const earlier = await findEarlierCommit(look, ctx.idempotencyKey);
  if (earlier !== undefined) {
    ctx.log.info(`an earlier try of this step has committed ${earlier} already`);
    return { ...(await describeCommit(look, earlier)), repeated: true };
  }
  const git = openForWriting(ctx);
  await refuseConflicts(look);
  await stage(git, look, input);
  if (!input.allowEmpty) await refuseNothing(look, input);
  const said = await git(commitArguments(input), {
    input: input.message,
    env: { GIT_REFLOG_ACTION: reflogAction(ctx.idempotencyKey), ...(await committerEnv(git, input.author)) },
  });
  tell(ctx, said.stdout, said.stderr);
  return { ...(await describeCommit(look, await findCommit(look, 'HEAD'))), repeated: false };
};

export default commit;

async function refuseConflicts(git: Git): Promise<void> {
  const { stdout } = await git(['diff', '--name-only', '--diff-filter=U', '--no-relative', '--no-ext-diff', '-z'], { maxOutputBytes: LIST_BYTES });
  if (stdout === '') return;
  const paths = stdout.split('\0').slice(0, 20).filter(Boolean);
  throw new FatalError(`files are in conflict: ${paths.join(', ')}`, { code: 'CONFLICTS', hint: 'resolve and stage them first', details: { paths } });
}

async function stage(git: Git, look: Git, { all, paths = [] }: CommitInput): Promise<void> {
  if (all) await git(['add', '--all']);
  if (paths.length === 0) return;
  try {
    await git(['add', '--all', '--', ...paths]);
  } catch (error) {
    if (!hasCode(error, 'UNKNOWN_PATH')) throw error;
    for (const path of paths) await stagePath(git, look, path);
  }
}

/** A file whose deletion is staged is neither in the index nor in the work tree: `add` does not know it. */
async function stagePath(git: Git, look: Git, path: string): Promise<void> {
  try {
    await git(['add', '--all', '--', path]);
  } catch (error) {
    if (!hasCode(error, 'UNKNOWN_PATH') || !(await hasStaged(look, [path]))) throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

async function hasStaged(git: Git, paths: readonly string[]): Promise<boolean> {
  return (await git(['diff', '--cached', '--quiet', '--no-ext-diff', '--', ...paths], { accept: [0, 1] })).exitCode === 1;
}

/** A merge without changes of its own is still something to commit. */
async function refuseNothing(git: Git, { paths = [] }: CommitInput): Promise<void> {
  if (await hasStaged(git, paths)) return;
  const merging = await git(['rev-parse', '--verify', '--quiet', 'MERGE_HEAD'], { accept: [0, 1] });
  if (merging.exitCode === 0) return;
  throw new FatalError('there is nothing to commit', {
    code: 'NOTHING_TO_COMMIT',
    hint: 'set "all" to stage every change first, or "allowEmpty" to commit all the same',
  });
}

function commitArguments({ allowEmpty, author, paths }: CommitInput): string[] {
  return [
    ...['-c', 'i18n.commitEncoding=UTF-8'],
    ...['commit', '--quiet', '--file=-', '--cleanup=whitespace', '--no-status'],
    ...(allowEmpty ? ['--allow-empty'] : []),
    ...(author === undefined ? [] : [`--author=${author}`]),
    ...(paths === undefined ? [] : ['--only', '--', ...paths]),
  ];
}

/** Where git has no identity configured, as on most build machines, the author commits too. */
async function committerEnv(git: Git, author: string | undefined): Promise<Record<string, string>> {
  if (author === undefined) return {};
  const configured = await git(['config', '--get-regexp', '^(user|committer)\\.email$'], { accept: [0, 1] });
  if (configured.exitCode === 0) return {};
  const at = author.lastIndexOf(' <');
  return { GIT_COMMITTER_NAME: author.slice(0, at), GIT_COMMITTER_EMAIL: author.slice(at + 2, -1) };
}

/** What hooks printed belongs into the step's log. */
function tell(ctx: PluginContext, ...texts: readonly string[]): void {
  for (const text of texts) if (text.trim() !== '') ctx.log.info(text.trimEnd());
}

async function describeCommit(git: Git, sha: string): Promise<Omit<CommitOutput, 'repeated'>> {
  const listed = await git(['rev-list', '--parents', '--max-count=1', sha, '--']);
  const parents = listed.stdout.trim().split(' ').slice(1);
  const changes = await git(
    ['diff', '--raw', '--numstat', '-z', '--find-renames', '--no-ext-diff', '--no-textconv', '--no-relative', parents[0] ?? (await emptyTree(git)), sha, '--'],
    { maxOutputBytes: LIST_BYTES },
  );
  const branch = await git(['symbolic-ref', '--quiet', '--short', 'HEAD'], { accept: [0, 1] });
  const { files } = parseChanges(changes.stdout);
  const fitted = fitList(files, FILES_BYTES);
  return {
    sha,
    branch: branch.exitCode === 0 ? branch.stdout.trim() : null,
    parents,
    stats: countChanges(files),
    files: fitted.value,
    truncated: fitted.left > 0,
  };
}
