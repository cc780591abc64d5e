import { formatDuration, isTerminalJob, isTerminalRun, type JobView, type ReasonView, type RunView, type StepView } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { reasonText } from './reason-text.js';
import { statusMark } from './status-mark.js';
import { formatElapsed } from './times.js';

export interface Change {
  /** ISO 8601. */
  readonly at: string;
  /** `job`, `job/step`, or the id of the workflow. */
  readonly scope: string;
  readonly text: string;
}

type Node = Pick<JobView, 'status' | 'attempt' | 'startedAt' | 'finishedAt' | 'error'> & { readonly reason?: ReasonView | undefined };

export interface ChangeOptions {
  readonly style: Style;
  /** When `after` was seen: the time of what a view has no time for. */
  readonly now: number;
}

/** What happened between two views of a run, oldest first. Without the first, everything up to the second. */
export function runChanges(before: RunView | undefined, after: RunView, options: ChangeOptions): Change[] {
  const changes: Change[] = [];
  for (const job of after.jobs) {
    const earlier = before?.jobs.find(({ key }) => key === job.key);
    changes.push(...nodeChanges(job.key, ownState(earlier), ownState(job), options));
    job.steps.forEach((step, index) => {
      changes.push(...nodeChanges(`${job.key}/${step.id}`, stepBefore(earlier, job, index), step, options));
    });
  }
  // A stable sort: what happened in the same millisecond stays in the order of the tree, a job's end after its steps'.
  const ordered = changes.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at) || Number(isJobEnd(a)) - Number(isJobEnd(b)));
  if (before === undefined) ordered.unshift({ at: after.createdAt, scope: after.workflowId, text: `run ${after.id}` });
  if (isTerminalRun(after.status) && before?.status !== after.status) ordered.push(...endChanges(after.workflowId, after, options.style));
  return ordered;
}

/** While a step waits its job does for the same reason, which is told once. */
function ownState<Job extends JobView | undefined>(job: Job): Job | JobView {
  return job?.steps.some(({ status }) => status === 'waiting') === true ? { ...job, status: 'running' } : job;
}

function isJobEnd(change: Change): boolean {
  return !change.scope.includes('/') && !change.text.startsWith(STARTED);
}

const STARTED = 'started';

/** The steps of another attempt are other steps. */
function stepBefore(earlier: JobView | undefined, job: JobView, index: number): StepView | undefined {
  return earlier?.attempt === job.attempt ? earlier.steps[index] : undefined;
}

function nodeChanges(scope: string, before: Node | undefined, after: Node, { style, now }: ChangeOptions): Change[] {
  const changes: Change[] = [];
  const first = after.startedAt !== null && (before === undefined || before.startedAt === null);
  const resumed = before !== undefined && (before.attempt !== after.attempt || before.status === 'waiting');
  const again = resumed && before.startedAt !== null && after.status !== 'waiting' && after.status !== 'queued';
  if (first || again) changes.push({ at: startOf(before, after, now), scope, text: again && after.attempt > 1 ? `${STARTED}, try ${String(after.attempt)}` : STARTED });
  if (after.status === 'waiting' && after.reason !== undefined && (before?.status !== 'waiting' || before.attempt !== after.attempt)) {
    changes.push({ at: new Date(now).toISOString(), scope, text: `${statusMark('waiting', style)}  ${waitText(after, after.reason, now)}` });
  }
  if (isTerminalJob(after.status) && before?.status !== after.status) changes.push(...endChanges(scope, after, style));
  return changes;
}

/** A node keeps the time of its first start: a later one is told when it is seen. */
function startOf(before: Node | undefined, after: Node, now: number): string {
  return after.startedAt === null || after.startedAt === before?.startedAt ? new Date(now).toISOString() : after.startedAt;
}

function waitText({ attempt, error }: Node, reason: ReasonView, now: number): string {
  if (reason.rule !== 'retry' || reason.dueAt === undefined || error === undefined) return reasonText(reason);
  const left = Math.max(0, Date.parse(reason.dueAt) - now);
  return `${sanitizeText(error.message)}; try ${String(attempt)} in ${formatDuration(left)}`;
}

function endChanges(scope: string, node: Node | RunView, style: Style): Change[] {
  const elapsed = formatElapsed(node, 0);
  const reason = node.status === 'success' || node.reason === undefined ? undefined : reasonText(node.reason);
  const why = node.error === undefined ? reason : sanitizeText(node.error.message);
  const tries = 'attempt' in node && node.attempt > 1 ? `try ${String(node.attempt)}` : undefined;
  const text = [statusMark(node.status, style), ...(elapsed === '' ? [] : [elapsed]), ...(tries === undefined ? [] : [tries]), ...(why === undefined ? [] : [why])].join('  ');
  // What was skipped was never started: it is told when the rest of its view is.
  return node.finishedAt === null ? [] : [{ at: node.finishedAt, scope, text }];
}
