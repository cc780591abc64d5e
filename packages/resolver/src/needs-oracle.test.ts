import { isTerminalJob, type JobState, type PlannedJob, type RunState, toCombinationKey } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { matrixEnd, releasable, releasedBy } from './matrix-progress.js';
import { type Condition, CONDITIONS, type Ended, NeedsOracle, type OracleMistake, type SketchedJob } from './needs-oracle.fixture.js';
import { type Readiness, readyJobs, type ReadyOptions } from './ready-jobs.js';
import { runOutcome } from './run-outcome.js';
import { aJobState, aPlannedJob, aRun } from './run-state.fixture.js';

const GRAPHS = process.env['KB_FAULTS'] === 'full' ? 25_000 : 5_000;
const ORDERS = 2;
const CASES = GRAPHS * ORDERS;
const LIMIT_MS = 120_000;
const MOST_JOBS = 9;

type Decide = (state: RunState, options: ReadyOptions) => Readiness;
type Random = (below: number) => number;

interface Sketch {
  readonly jobs: readonly SketchedJob[];
  /** The tick before which the run is cancelled; never when left out. */
  readonly cancelAt?: number;
}

describe('needs and conditions', () => {
  it(`give in ${CASES} cases of graph, outcomes and order what the rules say: nothing early, nothing stuck, nothing unexplained`, { timeout: LIMIT_MS }, () => {
    const seen = { cancelled: 0, combinations: 0, ends: new Map<string, number>() };
    for (let seed = 0; seed < GRAPHS; seed += 1) {
      const sketch = aSketch(seed);
      const finals = Array.from({ length: ORDERS }, (_, order) => {
        const end = play(sketch, randomOf(seed * ORDERS + order + 1));
        if (end.problem !== undefined) throw new Error(`graph ${seed}, order ${order}: ${end.problem}\n${JSON.stringify(sketch)}`);
        return end;
      });
      if (sketch.cancelAt === undefined && new Set(finals.map((end) => end.statuses.join())).size !== 1) {
        throw new Error(`graph ${seed} depends on the order\n${JSON.stringify(sketch)}`);
      }
      for (const end of finals) {
        if (end.cancelled) seen.cancelled += 1;
        seen.combinations += end.combinations;
        for (const status of end.statuses) seen.ends.set(status, (seen.ends.get(status) ?? 0) + 1);
      }
    }
    // The cases have to be worth something: every end is common, and so are cancellations in the middle.
    expect(seen.cancelled).toBeGreaterThan(CASES / 10);
    expect(seen.combinations).toBeGreaterThan(CASES / 2.5);
    for (const status of ['success', 'failed', 'cancelled', 'skipped']) expect(seen.ends.get(status), status).toBeGreaterThan(CASES / 5);
  });

  it.each<[string, OracleMistake]>([
    ['looks at direct needs only', { looksAtDirectNeedsOnly: true }],
    ['takes a skip for a success', { takesSkipsForSuccess: true }],
    ['forgets continue-on-error', { forgetsTolerance: true }],
    ['forgets the cancellation', { forgetsCancellation: true }],
    ['takes the last combination for all of a matrix', { takesTheLastCombination: true }],
  ])('do not give what an oracle says that %s', (_, mistake) => {
    expect(problems({ mistake })).not.toEqual([]);
  });

  it.each<[string, Decide, RegExp]>([
    ['starts a job before its last need has ended', changingJobs((job) => ({ ...job, needs: job.needs.slice(0, -1) })), /where the rules say waits/],
    ['never starts some job', (state, options) => ({ ...readyJobs(state, options), ready: readyJobs(state, options).ready.filter((key) => key !== 'j3') }), /has|stuck/],
    ['looks only at jobs without needs', (state, options) => (options.after === undefined ? readyJobs(state, options) : { ready: [], settled: [], expanded: [] }), /has|stuck/],
    ['skips without saying why', (state, options) => withoutReasons(readyJobs(state, options)), /no reason/],
    ['forgets continue-on-error', changingJobs((job) => ({ ...job, continueOnError: false })), /has/],
    ['hands out a matrix like any job', changingJobs(({ strategy: _, ...job }) => job), /has|combinations/],
    ['forgets a combination', (state, options) => withoutOneCombination(readyJobs(state, options)), /combinations/],
    ['does not see a cancellation', ({ cancel: _, ...state }, options) => readyJobs(state, options), /has/],
  ])('would be found out if the code %s', (_, decide, problem) => {
    const found = problems({ decide });
    expect(found).not.toEqual([]);
    expect(found.join('\n')).toMatch(problem);
  });
});

/** What a wrong rule on either side is found out by, in a few graphs. */
function problems(wrong: { decide?: Decide; mistake?: OracleMistake }): string[] {
  return Array.from({ length: 500 }, (_, seed) => play(aSketch(seed), randomOf(seed + 1), wrong).problem).filter((problem) => problem !== undefined);
}

function aSketch(seed: number): Sketch {
  const random = randomOf(seed ^ 0x5eed);
  const jobs = Array.from({ length: 1 + random(MOST_JOBS) }, (_, index): SketchedJob => {
    const likely = 1 + random(4);
    const needs = Array.from({ length: index }, (_need, need) => need).filter(() => random(4) < likely && random(2) === 0);
    const condition: Condition = random(3) === 0 ? 'none' : (CONDITIONS[random(CONDITIONS.length)] ?? 'none');
    return {
      needs,
      condition: condition === 'first-need-failed' && needs.length === 0 ? 'none' : condition,
      tolerated: random(5) === 0,
      ends: random(3) === 0 ? 'failed' : 'success',
      ...(random(6) === 0 ? aMatrix(random) : {}),
    };
  });
  return random(3) === 0 ? { jobs, cancelAt: random(jobs.length * 2 + 1) } : { jobs };
}

function aMatrix(random: Random): Pick<SketchedJob, 'combinations' | 'maxParallel'> {
  const combinations = Array.from({ length: random(5) }, () => (random(5) === 0 ? 'failed' : 'success'));
  return random(2) === 0 ? { combinations } : { combinations, maxParallel: 1 + random(3) };
}

interface Played {
  readonly problem?: string;
  readonly statuses: readonly string[];
  readonly cancelled: boolean;
  /** How many combinations have ended. */
  readonly combinations: number;
}

/** Runs a sketch as the engine does: jobs start and end in any order, each end decides what comes after it, a cancellation decides everything anew. */
function play(sketch: Sketch, random: Random, wrong: { decide?: Decide; mistake?: OracleMistake } = {}): Played {
  const decide = wrong.decide ?? readyJobs;
  const oracle = new NeedsOracle(sketch.jobs, wrong.mistake);
  const jobs = new Map<string, JobState>(sketch.jobs.map((_, index) => [`j${index}`, aJobState(`j${index}`)]));
  const state: RunState & { cancel?: { by: string; at: number } } = { ...aRun(toPlan(sketch.jobs)), jobs };
  const line = new Set<string>();
  const running = new Set<string>();
  let problem: string | undefined;

  const set = (key: string, change: Partial<JobState>): void => {
    const job = jobs.get(key);
    if (job !== undefined) jobs.set(key, { ...job, ...change });
  };
  const look = (options: ReadyOptions): void => {
    const { ready, settled, expanded } = decide(state, options);
    for (const job of settled) {
      if (job.reason === undefined || job.reason.message === '') problem ??= `${job.job} was ${job.status} for no reason`;
      line.delete(job.job);
      set(job.job, { status: job.status, finishedAt: 1 });
    }
    for (const key of ready) line.add(key);
    for (const { job, combinations } of expanded) {
      const expected = sketch.jobs[indexOf(job)]?.combinations?.length;
      if (combinations.length !== expected) problem ??= `${job} has ${combinations.length} combinations, not ${String(expected)}`;
      set(job, { matrix: { total: combinations.length, begun: 0, ended: 0 } });
      for (const [index, matrix] of combinations.entries()) {
        const key = toCombinationKey(job, index + 1);
        jobs.set(key, aJobState(key, { combination: { of: job, index, matrix } }));
      }
      for (const key of releasable(state, job)) line.add(key);
    }
  };
  const compare = (): void => {
    for (const [index, fate] of oracle.fates.entries()) {
      const key = `j${index}`;
      const job = jobs.get(key);
      const status = job?.status ?? 'queued';
      const isExpanded = job?.matrix !== undefined;
      const actual = isTerminalJob(status) ? status : running.has(key) ? 'started' : line.has(key) || isExpanded ? 'may start' : 'waits';
      // A matrix begins with its combinations; which of them run is for those that hand them out.
      if (actual !== fate && !(isExpanded && fate === 'started')) problem ??= `${key} has ${actual} where the rules say ${fate}`;
    }
    for (const job of jobs.values()) {
      const most = sketch.jobs[indexOf(job.key)]?.maxParallel;
      if (job.matrix === undefined || isTerminalJob(job.status) || most === undefined) continue;
      const active = [...line, ...running].filter((key) => key.startsWith(`${job.key}.`)).length;
      if (active !== Math.min(most, job.matrix.total - job.matrix.ended)) problem ??= `${job.key} has ${active} combinations at once, and ${most} is the most`;
    }
  };
  /** Counts an end of a combination in; answers the job that has ended with it. */
  const endCombination = (of: string): string | undefined => {
    const { matrix } = jobs.get(of) ?? {};
    if (matrix === undefined) return undefined;
    set(of, { matrix: { ...matrix, ended: matrix.ended + 1 } });
    const next = releasedBy(state, of, matrix.ended + 1);
    if (next !== undefined) line.add(next);
    const end = matrixEnd(state, of);
    if (end === undefined) return undefined;
    const ends = [...jobs.values()].filter((job) => job.combination?.of === of).map((job) => job.status as Ended);
    set(of, { status: end.status, finishedAt: 1 });
    oracle.endMatrix(indexOf(of), ends);
    return of;
  };

  look({});
  compare();
  for (let tick = 0; problem === undefined; tick += 1) {
    if (tick === sketch.cancelAt && !oracle.isOver) {
      state.cancel = { by: 'ada', at: 1 };
      const queued = [...jobs.values()].filter((job) => job.combination !== undefined && job.status === 'queued');
      for (const job of queued) {
        line.delete(job.key);
        set(job.key, { status: 'cancelled', finishedAt: 1 });
      }
      const expanded = [...jobs.values()].filter((job) => job.matrix !== undefined && !isTerminalJob(job.status)).map((job) => job.key);
      oracle.cancel(expanded.map(indexOf));
      for (const job of queued) endCombination(job.combination?.of ?? '');
      look({});
      compare();
      continue;
    }
    const can = [...line, ...running];
    const key = can[random(can.length)];
    if (key === undefined) break;
    const of = jobs.get(key)?.combination?.of;
    const index = indexOf(key);
    if (line.delete(key)) {
      running.add(key);
      set(key, { status: 'running', startedAt: 1 });
      oracle.start(index);
      continue;
    }
    running.delete(key);
    const written = sketch.jobs[index];
    const ends = of === undefined ? written?.ends : written?.combinations?.[jobs.get(key)?.combination?.index ?? -1];
    const as: Ended = state.cancel !== undefined && random(2) === 0 ? 'cancelled' : (ends ?? 'success');
    set(key, { status: as, finishedAt: 1 });
    const ended = of === undefined ? key : endCombination(of);
    if (of === undefined) oracle.end(index, as);
    if (ended !== undefined) look({ after: [ended] });
    compare();
  }
  const statuses = [...jobs.values()].filter((job) => job.combination === undefined).map((job) => job.status);
  if (problem === undefined && ![...jobs.values()].every((job) => isTerminalJob(job.status))) problem = `stuck at ${statuses.join()}`;
  if (problem === undefined) {
    const outcome = runOutcome(state, (key) => jobs.get(key)?.status as Ended);
    if (outcome !== oracle.runEnd()) problem = `the run has ended as ${outcome} where the rules say ${oracle.runEnd()}`;
  }
  const combinations = jobs.size - statuses.length;
  return { statuses, cancelled: state.cancel !== undefined, combinations, ...(problem === undefined ? {} : { problem }) };
}

/** Of a job `j3`, and of its combination `j3.1`. */
function indexOf(key: string): number {
  return Number(key.slice(1).split('.')[0]);
}

function toPlan(jobs: readonly SketchedJob[]): PlannedJob[] {
  return jobs.map((job, index) => {
    const matrix = { n: (job.combinations ?? []).map((_, n) => n) };
    return aPlannedJob(`j${index}`, {
      needs: job.needs.map((need) => `j${need}`),
      if: written(job),
      continueOnError: job.tolerated,
      ...(job.combinations === undefined ? {} : { strategy: { matrix, failFast: false, ...(job.maxParallel === undefined ? {} : { maxParallel: job.maxParallel }) } }),
    });
  });
}

function written(job: SketchedJob): string | null {
  switch (job.condition) {
    case 'none':
      return null;
    case 'always':
      return 'always()';
    case 'failure':
      return 'failure()';
    case 'success':
      return 'success()';
    case 'not-cancelled':
      return '!cancelled()';
    case 'cancelled':
      return 'cancelled()';
    case 'first-need-failed':
      return `always() && needs.j${job.needs[0] ?? 0}.result == 'failed'`;
    case 'false':
      return 'false';
  }
}

function changingJobs(change: (job: PlannedJob) => PlannedJob): Decide {
  return (state, options) => readyJobs({ ...state, plan: { ...state.plan, jobs: state.plan.jobs.map(change) } }, options);
}

function withoutReasons({ settled, ...readiness }: Readiness): Readiness {
  return { ...readiness, settled: settled.map(({ reason: _, ...job }) => job) };
}

function withoutOneCombination({ expanded, ...readiness }: Readiness): Readiness {
  return { ...readiness, expanded: expanded.map((job) => ({ ...job, combinations: job.combinations.slice(1) })) };
}

/** The same numbers for the same seed: a whole number below `below`. The generator is mulberry32. */
function randomOf(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(below, 1);
  };
}
