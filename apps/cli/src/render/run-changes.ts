import { formatDuration, isTerminalJob, isTerminalRun, type JobView, type ReasonView, type RunView, type StepView } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { matrixText } from './matrix-text.js';
import { reasonText } from './reason-text.js';
import { type AnyStatus, statusMark } from './status-mark.js';
import { formatElapsed } from './times.js';
import { waitText } from './wait-text.js';

export interface Change {
  /** ISO 8601. */
  readonly at: string;
  /** `job`, `job/step`, or the id of the workflow. */
  readonly scope: string;
  readonly text: string;
}

/** A change with what kind it is, for counting those that are too many to tell. */
interface Told extends Change {
  readonly what: 'started' | AnyStatus;
}

type Node = Pick<StepView, 'status' | 'attempt' | 'startedAt' | 'finishedAt' | 'error' | 'iteration' | 'keptFrom' | 'childRunId' | 'waitsFor'> & { readonly reason?: ReasonView | undefined };

export interface ChangeOptions {
  readonly style: Style;
  /** When `after` was seen: the time of what a view has no time for. */
  readonly now: number;
  /** The address that calls the run back, where it may be shown. */
  readonly callbackUrl?: () => string;
}

/** Of one change of a view. A matrix can change thousands of jobs at once. */
const MOST_TOLD = 60;

/**
 * What happened between two views of a run, oldest first. Without the first, everything up to the second. What is too much
 * to tell is counted: failures and waits are the last to be.
 */
export function runChanges(before: RunView | undefined, after: RunView, options: ChangeOptions): Change[] {
  const earlierJobs = new Map(before?.jobs.map((job) => [job.key, job]));
  const changes: Told[] = [...expansions(earlierJobs, after, options)];
  for (const job of after.jobs) {
    const earlier = earlierJobs.get(job.key);
    const name = job.matrix === undefined ? '' : matrixText(job.matrix);
    changes.push(...nodeChanges({ runId: after.id, job: job.key, name, begun: () => firstStart(job) }, { before: ownState(earlier), after: ownState(job) }, options));
    job.steps.forEach((step, index) => {
      changes.push(...nodeChanges({ runId: after.id, job: job.key, step: step.id }, { before: stepBefore(earlier, job, index), after: step }, options));
    });
  }
  // A stable sort: what happened in the same millisecond stays in the order of the tree, a job's end after its steps' and its combinations'.
  const split = new Set(after.jobs.map((job) => job.combinationOf));
  const rank = (change: Change): number => (isJobEnd(change) ? (split.has(change.scope) ? 2 : 1) : 0);
  const ordered: Change[] = shorten(changes, after.workflowId).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at) || rank(a) - rank(b));
  if (before === undefined) ordered.unshift({ at: after.createdAt, scope: after.workflowId, text: `run ${after.id}${originText(after)}` });
  if (after.reason?.rule === 'concurrency' && !isTerminalRun(after.status) && before?.reason?.rule !== 'concurrency') {
    ordered.push({ at: new Date(options.now).toISOString(), scope: after.workflowId, text: `${statusMark(after.status, options.style)}  ${reasonText(after.reason)}` });
  }
  if (isTerminalRun(after.status) && before?.status !== after.status) ordered.push(...endChanges(after.workflowId, after, options.style));
  return ordered;
}

function originText({ parent, rerunOf }: RunView): string {
  if (rerunOf !== undefined) return `, rerun of ${rerunOf}`;
  if (parent === undefined) return '';
  return parent.step === null ? `, after ${parent.id} of ${parent.workflowId}` : `, called by ${parent.job ?? ''}/${parent.step} of ${parent.id}`;
}

/** Jobs that have become their combinations. */
function expansions(earlier: ReadonlyMap<string, JobView>, after: RunView, { now }: ChangeOptions): Told[] {
  const counts = new Map<string, number>();
  for (const { key, combinationOf } of after.jobs) {
    if (combinationOf !== undefined && !earlier.has(key)) counts.set(combinationOf, (counts.get(combinationOf) ?? 0) + 1);
  }
  return after.jobs.flatMap(({ key, startedAt }) => {
    const count = counts.get(key);
    return count === undefined ? [] : [{ at: startedAt ?? new Date(now).toISOString(), scope: key, text: `${String(count)} ${count === 1 ? 'combination' : 'combinations'}`, what: 'started' }];
  });
}

/** While a step waits its job does for the same reason, which is told once. */
function ownState<Job extends JobView | undefined>(job: Job): Job | JobView {
  return job?.status === 'waiting' && job.steps.some(({ status }) => WAITS.has(status)) ? { ...job, status: 'running' } : job;
}

const WAITS: ReadonlySet<AnyStatus> = new Set(['waiting', 'waiting_approval']);

function isJobEnd(change: Change): boolean {
  return !change.scope.includes('/') && !change.text.startsWith(STARTED);
}

const STARTED = 'started';

/** A job keeps the time of its first attempt: a later one began with its first step. */
function firstStart({ steps }: JobView): string | undefined {
  return steps.map(({ startedAt }) => startedAt).filter((at) => at !== null).toSorted()[0];
}

/** The steps of another attempt are other steps. */
function stepBefore(earlier: JobView | undefined, job: JobView, index: number): StepView | undefined {
  return earlier?.attempt === job.attempt ? earlier.steps[index] : undefined;
}

interface Place {
  readonly runId: string;
  readonly job: string;
  readonly step?: string;
  /** What to call it besides its key. */
  readonly name?: string;
  /** When an attempt after the first one began, as far as that is known. */
  readonly begun?: () => string | undefined;
}

function nodeChanges(place: Place, { before, after }: { before: Node | undefined; after: Node }, options: ChangeOptions): Told[] {
  // Most of a large run has not changed.
  if (before !== undefined && before.status === after.status && before.attempt === after.attempt && before.startedAt === after.startedAt && before.iteration === after.iteration && !mayWait(after)) return [];
  const { style, now } = options;
  const scope = place.step === undefined ? place.job : `${place.job}/${place.step}`;
  const changes: Told[] = [];
  if (hasStarted(before, after)) changes.push({ at: startOf(before, after, place.begun?.() ?? new Date(now).toISOString()), scope, text: startText(before, after, place.name ?? ''), what: 'started' });
  const wait = mayWait(after) ? waitOf(after, place, options) : undefined;
  if (wait !== undefined && (before === undefined || !mayWait(before) || before.attempt !== after.attempt || isOtherWait(before, after))) {
    changes.push({ at: new Date(now).toISOString(), scope, text: `${statusMark(after.status, style)}  ${wait}`, what: after.status });
  }
  if (isTerminalJob(after.status) && before?.status !== after.status) changes.push(...endChanges(scope, after, style));
  return changes;
}

function hasStarted(before: Node | undefined, after: Node): boolean {
  if (before === undefined || before.startedAt === null) return after.startedAt !== null;
  const other = before.attempt !== after.attempt || before.iteration !== after.iteration || before.status === 'waiting' || (before.status === 'waiting_approval' && !isTerminalJob(after.status));
  return other && !WAITS.has(after.status) && after.status !== 'queued' && !(WAITS.has(before.status) && before.waitsFor !== undefined);
}

function startText(before: Node | undefined, after: Node, name: string): string {
  const again = before !== undefined && before.startedAt !== null;
  const parts = [
    ...(name === '' ? [] : [name]),
    ...(again && after.attempt > 1 ? [`try ${String(after.attempt)}`] : []),
    ...(after.iteration === undefined ? [] : [`iteration ${String(after.iteration)}`]),
    ...(after.childRunId === undefined ? [] : [`→ ${after.childRunId}`]),
  ];
  return [STARTED, ...parts].join(', ');
}

/** A node keeps the time of its first start: a later one is told as of when it was seen. */
function startOf(before: Node | undefined, after: Node, seen: string): string {
  return after.startedAt === null || after.startedAt === before?.startedAt ? seen : after.startedAt;
}

function isOtherWait(before: Node, after: Node): boolean {
  const [one, other] = [before.waitsFor, after.waitsFor];
  if (one?.kind === 'approval' && other?.kind === 'approval') return one.subject !== other.subject;
  return one?.kind !== other?.kind || (one === undefined && before.reason?.rule !== after.reason?.rule);
}

/** Also without having begun: a job can wait for its turn in a concurrency group. */
function mayWait({ status, reason }: Pick<Node, 'status' | 'reason'>): boolean {
  return WAITS.has(status) || (status === 'queued' && reason?.rule === 'concurrency');
}

function waitOf(node: Node, { runId, job, step }: Place, { now, callbackUrl }: ChangeOptions): string | undefined {
  if (node.waitsFor !== undefined && step !== undefined) {
    const { what, how } = waitText(node.waitsFor, { runId, job, step, now, callbackUrl });
    return how === undefined ? what : `${what}: ${how}`;
  }
  return node.reason === undefined ? undefined : retryText(node, node.reason, now);
}

function retryText({ attempt, error }: Node, reason: ReasonView, now: number): string {
  if (reason.rule !== 'retry' || reason.dueAt === undefined || error === undefined) return reasonText(reason);
  const left = Math.max(0, Date.parse(reason.dueAt) - now);
  return `${sanitizeText(error.message)}; try ${String(attempt)} in ${formatDuration(left)}`;
}

function endChanges(scope: string, node: Node | RunView, style: Style): Told[] {
  // What was skipped was never started: it is told when the rest of its view is.
  if (node.finishedAt === null) return [];
  const elapsed = formatElapsed(node, 0);
  const kept = 'keptFrom' in node && node.keptFrom !== undefined ? `kept from ${sanitizeText(node.keptFrom)}` : undefined;
  const reason = node.status === 'success' || node.reason === undefined ? undefined : reasonText(node.reason);
  const why = node.error === undefined ? (kept ?? reason) : sanitizeText(node.error.message);
  const tries = 'attempt' in node && node.attempt > 1 ? `try ${String(node.attempt)}` : undefined;
  const text = [statusMark(node.status, style), ...(elapsed === '' ? [] : [elapsed]), ...(tries === undefined ? [] : [tries]), ...(why === undefined ? [] : [why])].join('  ');
  return [{ at: node.finishedAt, scope, text, what: node.status }];
}

const FIRST_TOLD: ReadonlySet<Told['what']> = new Set(['failed', 'quarantined', 'waiting_approval', 'waiting', 'interrupted']);

/** All of them, or those that matter most and a count of the others. */
function shorten(changes: readonly Told[], workflowId: string): Change[] {
  if (changes.length <= MOST_TOLD) return changes.map(({ at, scope, text }) => ({ at, scope, text }));
  const urgent = changes.filter(({ what }) => FIRST_TOLD.has(what)).slice(0, MOST_TOLD);
  const others = changes.filter(({ what }) => !FIRST_TOLD.has(what)).slice(0, MOST_TOLD - urgent.length);
  const told = new Set<Told>([...urgent, ...others]);
  const counts = new Map<string, number>();
  let last = '';
  for (const change of changes) {
    if (change.at > last) last = change.at;
    if (!told.has(change)) counts.set(change.what, (counts.get(change.what) ?? 0) + 1);
  }
  const parts = [...counts].map(([what, count]) => `${String(count)} ${what}`);
  const rest = { at: last, scope: workflowId, text: `and ${String(changes.length - told.size)} more: ${parts.join(', ')}` };
  return [...changes.filter((change) => told.has(change)).map(({ at, scope, text }) => ({ at, scope, text })), rest];
}
