import { createHash } from 'node:crypto';

import type { Git } from './open-git.js';

/** How far back an earlier try of the same step is looked for, in movements of HEAD. */
const REFLOG_ENTRIES = 50;

/**
 * What HEAD's log says for a commit made under an idempotency key. A step can run twice: when its worker dies after
 * the commit and before the result is written. The log stays on this machine, so the history carries no trace of it.
 */
export function reflogAction(idempotencyKey: string): string {
  return `commit [kb:${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 32)}]`;
}

/** The commit an earlier try made under this key, if HEAD still has it. */
export async function findEarlierCommit(git: Git, idempotencyKey: string): Promise<string | undefined> {
  const log = await git(['log', '--walk-reflogs', `--max-count=${String(REFLOG_ENTRIES)}`, '--format=%H %gs', 'HEAD', '--'], {
    // 128: there is no commit yet.
    accept: [0, 128],
  });
  if (log.exitCode !== 0) return undefined;
  const action = reflogAction(idempotencyKey);
  const entry = log.stdout.split('\n').find((line) => line.slice(line.indexOf(' ') + 1).startsWith(action));
  if (entry === undefined) return undefined;
  const commit = entry.slice(0, entry.indexOf(' '));
  const kept = await git(['merge-base', '--is-ancestor', commit, 'HEAD'], { accept: [0, 1] });
  return kept.exitCode === 0 ? commit : undefined;
}
