import { isTerminalJob, type JobStatus, type JobView, type RunView, type StepView } from '@kb-labs/contracts';

/** One line of the tree of a run. */
export type Row = NodeRow | { readonly kind: 'more'; readonly text: string; readonly nested: boolean };

export type NodeRow =
  | { readonly kind: 'job'; readonly job: JobView }
  | { readonly kind: 'step'; readonly job: JobView; readonly step: StepView }
  /** How the wait of the step above can be answered. */
  | { readonly kind: 'answer'; readonly job: JobView; readonly step: StepView };

/** Combinations of one matrix that are shown whatever they do, where there is room without end. */
const COMBINATIONS_SHOWN = 50;

/**
 * What is shown of a run in so many lines: everything; or the steps of open jobs alone; or jobs only, those first that need
 * a look, and a count of the rest. Without a limit only large matrices are shortened. Costs the same for each job, and
 * little: it is asked for every frame.
 */
export function chooseRows(run: RunView, room: number | undefined): Row[] {
  if (room === undefined) return everything(run.jobs);
  for (const stepsOf of [shownSteps, openSteps]) {
    if (fits(run.jobs, stepsOf, room)) return run.jobs.flatMap((job) => rowsOf(job, stepsOf));
  }
  return squeeze(run.jobs, room);
}

type StepsOf = (job: JobView) => readonly StepView[];

/** The job says why its steps never ran: they have nothing to add. */
function shownSteps(job: JobView): readonly StepView[] {
  return isTerminalJob(job.status) ? job.steps.filter((step) => hasNews(step, job)) : job.steps;
}

function hasNews({ status, startedAt, keptFrom, hook, reason }: StepView, job: JobView): boolean {
  if (startedAt !== null || keptFrom !== undefined || status === 'failed') return true;
  return status === 'skipped' && hook === undefined && reason !== undefined && reason.message !== job.reason?.message;
}

function openSteps(job: JobView): readonly StepView[] {
  return isTerminalJob(job.status) ? [] : job.steps;
}

/** Counts before anything is made, and stops where it is too much. */
function fits(jobs: readonly JobView[], stepsOf: StepsOf, room: number): boolean {
  let lines = 0;
  for (const job of jobs) {
    lines += 1;
    if (lines > room) return false;
    for (const step of stepsOf(job)) lines += hasAnswer(step) ? 2 : 1;
  }
  return lines <= room;
}

function rowsOf(job: JobView, stepsOf: StepsOf): NodeRow[] {
  const steps = stepsOf(job).flatMap((step): NodeRow[] => [{ kind: 'step', job, step }, ...(hasAnswer(step) ? [{ kind: 'answer', job, step } as const] : [])]);
  return [{ kind: 'job', job }, ...steps];
}

function hasAnswer({ waitsFor }: StepView): boolean {
  return waitsFor !== undefined && waitsFor.kind !== 'timer' && waitsFor.kind !== 'child';
}

const URGENCY = ['running', 'waiting', 'failed', 'interrupted', 'queued', 'cancelled', 'skipped', 'success'] as const satisfies readonly JobStatus[];

function squeeze(jobs: readonly JobView[], room: number): Row[] {
  const { chosen, rest } = mostUrgent(jobs, room - 1);
  return [...jobs.filter((job) => chosen.has(job)).map((job): Row => ({ kind: 'job', job })), { kind: 'more', text: countText(rest), nested: false }];
}

function everything(jobs: readonly JobView[]): Row[] {
  const rows: Row[] = [];
  for (let index = 0; index < jobs.length; ) {
    const job = jobs[index];
    if (job === undefined) break;
    const combinations = combinationsAfter(jobs, index);
    rows.push(...rowsOf(job, shownSteps), ...combinationRows(combinations));
    index += 1 + combinations.length;
  }
  return rows;
}

/** The combinations of a job stand right behind it. */
function combinationsAfter(jobs: readonly JobView[], index: number): readonly JobView[] {
  const key = jobs[index]?.key;
  let end = index + 1;
  while (jobs[end] !== undefined && jobs[end]?.combinationOf === key) end += 1;
  return jobs.slice(index + 1, end);
}

function combinationRows(combinations: readonly JobView[]): Row[] {
  if (combinations.length <= COMBINATIONS_SHOWN) return combinations.flatMap((job) => rowsOf(job, shownSteps));
  const { chosen, rest } = mostUrgent(combinations, COMBINATIONS_SHOWN);
  const rows = combinations.filter((job) => chosen.has(job)).flatMap((job): Row[] => rowsOf(job, shownSteps));
  return [...rows, { kind: 'more', text: countText(rest), nested: true }];
}

interface Choice {
  readonly chosen: ReadonlySet<JobView>;
  readonly rest: ReadonlyMap<JobStatus, number>;
}

/** The first so many by urgency, and among equals by their place; the others are counted. */
function mostUrgent(jobs: readonly JobView[], room: number): Choice {
  const byStatus = new Map<JobStatus, JobView[]>();
  for (const job of jobs) {
    const others = byStatus.get(job.status);
    if (others === undefined) byStatus.set(job.status, [job]);
    else others.push(job);
  }
  const chosen = new Set<JobView>();
  const rest = new Map<JobStatus, number>();
  for (const status of URGENCY) {
    const all = byStatus.get(status) ?? [];
    const taken = all.slice(0, Math.max(0, room - chosen.size));
    for (const job of taken) chosen.add(job);
    if (all.length > taken.length) rest.set(status, all.length - taken.length);
  }
  return { chosen, rest };
}

function countText(rest: ReadonlyMap<JobStatus, number>): string {
  const parts = [...rest].map(([status, count]) => `${String(count)} ${status}`);
  const total = [...rest.values()].reduce((sum, count) => sum + count, 0);
  return `and ${String(total)} more: ${parts.join(', ')}`;
}
