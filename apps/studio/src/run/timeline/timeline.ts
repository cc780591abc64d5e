import { isTerminalJob, type JobView, parseUses, type RunView, type StepView } from '@kb-labs/contracts';

/** `queue`: it could have gone on and did not yet. `wait`: it held no worker, for somebody or for a time. `run`: all else. */
export type BarKind = 'queue' | 'wait' | 'run';

/** A stretch of time, in milliseconds since the epoch. */
interface Bar {
  readonly kind: BarKind;
  readonly from: number;
  readonly to: number;
}

export interface TimelineRow {
  /** `<job>` or `<job>/<step>`. */
  readonly id: string;
  readonly job: string;
  readonly label: string;
  /** 0: a job. 1: a combination, or a step. 2: a step of a combination. */
  readonly depth: 0 | 1 | 2;
  readonly status: StepView['status'];
  /** The result of an earlier run: it took no time in this one. */
  readonly kept: boolean;
  readonly bars: readonly Bar[];
  /** How many rows belong below it. */
  readonly below: number;
}

export interface Timeline {
  readonly from: number;
  readonly to: number;
  readonly rows: readonly TimelineRow[];
}

/** Who has taken how long, and waited for what. What is not over goes on until `now`. */
export function timelineOf(run: RunView, now: number): Timeline {
  const created = Date.parse(run.createdAt);
  const jobs = new Map(run.jobs.map((job) => [job.key, job]));
  const combinations = Map.groupBy(run.jobs, ({ combinationOf }) => combinationOf);
  const rows = run.jobs.flatMap((job): TimelineRow[] => {
    const depth = job.combinationOf === undefined ? 0 : 1;
    const steps = job.keptFrom === undefined ? stepRows(job, depth === 0 ? 1 : 2, now) : [];
    const own = combinations.get(job.key) ?? [];
    const below = steps.length + own.reduce((sum, each) => sum + 1 + (each.keptFrom === undefined ? each.steps.length : 0), 0);
    return [{ id: job.key, job: job.key, label: job.name, depth, status: job.status, kept: job.keptFrom !== undefined, bars: jobBars(job, { jobs, created, now }), below }, ...steps];
  });
  const end = run.finishedAt === null ? now : Date.parse(run.finishedAt);
  // Of an earlier moment than its end can be the last bar, and the other way round: hooks go on while a run is being cancelled.
  const to = rows.reduce((latest, { bars }) => Math.max(latest, bars.at(-1)?.to ?? latest), Math.max(created + 1, end));
  return { from: created, to, rows };
}

/** The sum of a kind in milliseconds. */
export function sumOf(bars: readonly Bar[], kind: BarKind): number {
  return bars.reduce((sum, bar) => (bar.kind === kind ? sum + bar.to - bar.from : sum), 0);
}

interface Around {
  readonly jobs: ReadonlyMap<string, JobView>;
  readonly created: number;
  readonly now: number;
}

function jobBars(job: JobView, { jobs, created, now }: Around): Bar[] {
  if (job.keptFrom !== undefined) return [];
  const over = isTerminalJob(job.status);
  const needs = job.needs.map((key) => jobs.get(key)?.finishedAt ?? null);
  const started = job.startedAt === null ? null : Date.parse(job.startedAt);
  // What needs something that is not over is not in a queue.
  const ready = needs.includes(null) ? null : Math.max(created, ...needs.map((at) => Date.parse(at ?? '')));
  if (started === null) return over || ready === null ? [] : bar('queue', ready, now);
  const to = job.finishedAt === null ? now : Date.parse(job.finishedAt);
  const waits = job.steps.filter(isWait).flatMap((step) => stepSpan(step, job, now) ?? []);
  return [...(ready === null ? [] : bar('queue', ready, started)), ...split(started, to, waits)];
}

function stepRows(job: JobView, depth: 1 | 2, now: number): TimelineRow[] {
  let ready = job.startedAt === null ? null : Date.parse(job.startedAt);
  return job.steps.map((step) => {
    const span = stepSpan(step, job, now);
    const bars = span === undefined ? [] : [...(ready === null || again(job, step) ? [] : bar('queue', ready, span.from)), { kind: isWait(step) ? ('wait' as const) : ('run' as const), ...span }];
    if (span !== undefined) ready = span.to;
    return { id: `${job.key}/${step.id}`, job: job.key, label: step.name, depth, status: step.status, kept: step.keptFrom !== undefined, bars: step.keptFrom === undefined ? bars : [], below: 0 };
  });
}

/** Of the tries before its last, nothing is told: what was between them was no queue. */
function again(job: JobView, { attempt, iteration }: StepView): boolean {
  return job.attempt > 1 || attempt > 1 || iteration !== undefined;
}

function stepSpan(step: StepView, job: JobView, now: number): { readonly from: number; readonly to: number } | undefined {
  if (step.startedAt === null || step.keptFrom !== undefined) return undefined;
  const end = step.finishedAt ?? (isTerminalJob(step.status) ? job.finishedAt : null);
  const from = Date.parse(step.startedAt);
  return { from, to: Math.max(from, end === null ? now : Date.parse(end)) };
}

/** A step that holds no worker: an approval, a timer, a signal, another run. */
function isWait({ uses, waitsFor }: StepView): boolean {
  if (waitsFor !== undefined) return true;
  const used = parseUses(uses);
  return used?.kind === 'workflow' || (used?.kind === 'builtin' && used.name !== 'gate');
}

/** The time of a job, with the waits in it apart. */
function split(from: number, to: number, waits: readonly { readonly from: number; readonly to: number }[]): Bar[] {
  let at = from;
  const bars: Bar[] = [];
  for (const wait of waits.toSorted((one, other) => one.from - other.from)) {
    const begin = Math.min(Math.max(wait.from, at), to);
    const end = Math.min(wait.to, to);
    bars.push(...bar('run', at, begin), ...bar('wait', begin, end));
    at = Math.max(at, end);
  }
  return [...bars, ...bar('run', at, to), ...(from === to ? [{ kind: 'run' as const, from, to }] : [])];
}

/** None when nothing took any time; clocks of several hosts can differ. */
function bar(kind: BarKind, from: number, to: number): Bar[] {
  return to > from ? [{ kind, from, to }] : [];
}
