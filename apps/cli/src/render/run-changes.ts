import { isTerminalJob, isTerminalRun, type JobView, type RunView, type StepView } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { statusMark } from './status-mark.js';
import { formatElapsed } from './times.js';

export interface Change {
  /** ISO 8601. */
  readonly at: string;
  /** `job`, `job/step`, or the id of the workflow. */
  readonly scope: string;
  readonly text: string;
}

type Node = Pick<JobView, 'status' | 'attempt' | 'startedAt' | 'finishedAt' | 'reason' | 'error'>;

/** What happened between two views of a run, oldest first. Without the first, everything up to the second. */
export function runChanges(before: RunView | undefined, after: RunView, style: Style): Change[] {
  const changes: Change[] = [];
  for (const job of after.jobs) {
    const earlier = before?.jobs.find(({ key }) => key === job.key);
    changes.push(...nodeChanges(job.key, earlier, job, style));
    job.steps.forEach((step, index) => {
      changes.push(...nodeChanges(`${job.key}/${step.id}`, stepBefore(earlier, job, index), step, style));
    });
  }
  // A stable sort: what happened in the same millisecond stays in the order of the tree, a job's end after its steps'.
  const ordered = changes.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at) || Number(isJobEnd(a)) - Number(isJobEnd(b)));
  if (before === undefined) ordered.unshift({ at: after.createdAt, scope: after.workflowId, text: `run ${after.id}` });
  if (isTerminalRun(after.status) && before?.status !== after.status) ordered.push(...endChanges(after.workflowId, after, style));
  return ordered;
}

function isJobEnd(change: Change): boolean {
  return !change.scope.includes('/') && change.text !== STARTED;
}

const STARTED = 'started';

/** The steps of another attempt are other steps. */
function stepBefore(earlier: JobView | undefined, job: JobView, index: number): StepView | undefined {
  return earlier?.attempt === job.attempt ? earlier.steps[index] : undefined;
}

function nodeChanges(scope: string, before: Node | undefined, after: Node, style: Style): Change[] {
  const changes: Change[] = [];
  const retried = before !== undefined && before.attempt !== after.attempt;
  if (after.startedAt !== null && (before === undefined || before.startedAt === null || retried)) {
    changes.push({ at: after.startedAt, scope, text: after.attempt > 1 ? `${STARTED}, try ${String(after.attempt)}` : STARTED });
  }
  if (isTerminalJob(after.status) && before?.status !== after.status) changes.push(...endChanges(scope, after, style));
  return changes;
}

function endChanges(scope: string, node: Node | RunView, style: Style): Change[] {
  const elapsed = formatElapsed(node, 0);
  const why = node.error?.message ?? (node.status === 'success' ? undefined : node.reason?.message);
  const text = [statusMark(node.status, style), ...(elapsed === '' ? [] : [elapsed]), ...(why === undefined ? [] : [sanitizeText(why)])].join('  ');
  // What was skipped was never started: it is told when the rest of its view is.
  return node.finishedAt === null ? [] : [{ at: node.finishedAt, scope, text }];
}
