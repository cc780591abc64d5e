import { type Hook, isTerminalJob, type JobState, type JsonObject, type PlannedJob, type PlannedStep, type RunState, type StepState, type TerminalJobStatus, toCombinationKey, type Workflow } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import { evaluateTemplate } from '@kb-labs/expressions';

import { plannedJob } from './job-graph.js';
import { matrixEnd, releasable, releasedBy } from './matrix-progress.js';
import { type Readiness, readyJobs, type ReadyOptions, type SettledJob } from './ready-jobs.js';
import { resolvePlan } from './resolve-plan.js';
import { runOutcome } from './run-outcome.js';
import { aJobState, aRun, aStepState, endedSteps } from './run-state.fixture.js';
import { endedNeed, needsContext, runContexts, stepsContext, strategyContexts } from './scope.js';
import { decideStep } from './step-condition.js';

/**
 * A row of the tables of conditions: a run as written, how what runs ends, and what has to become of it. The rules are
 * GitHub's, as its documentation has them under "Using jobs in a workflow", "Status check functions" and "Workflow
 * cancellation", with `failed` for its `failure`.
 */
export interface ConditionCase {
  readonly case: string;
  readonly inputs?: JsonObject;
  readonly env?: Readonly<Record<string, string>>;
  /** A job that is a word has one step that ends like that. */
  readonly jobs: Readonly<Record<string, 'success' | 'failed' | CaseJob>>;
  /** The job whose time runs out, while it is in a step (its first when left out). The step ends as failed unless it says otherwise. */
  readonly timeout?: { readonly during: string; readonly step?: string };
  /** While a job is in a step (its first when left out), the jobs after it in line have not started. */
  readonly cancel?: 'start' | { readonly after: string } | { readonly during: string; readonly step?: string };
  readonly run: string;
  /** Per job its status, with `by` and the rule when it was skipped, and `unstarted` when another end came without a start. */
  readonly ends: Readonly<Record<string, string>>;
  /** The same for the steps of some jobs. */
  readonly steps?: Readonly<Record<string, readonly string[]>>;
  readonly outputs?: Readonly<Record<string, JsonObject>>;
}

interface CaseJob {
  readonly needs?: string | string[];
  readonly if?: string | boolean;
  readonly 'continue-on-error'?: boolean;
  readonly outputs?: Record<string, string>;
  readonly strategy?: JsonObject;
  readonly ends?: 'success' | 'failed';
  /** The combinations that fail, by number from 1; the others end as the job says. */
  readonly fails?: readonly number[];
  readonly steps?: readonly CaseStep[];
  readonly hooks?: Readonly<Partial<Record<Hook, readonly CaseStep[]>>>;
}

interface CaseStep {
  readonly id: string;
  readonly if?: string;
  readonly 'continue-on-error'?: boolean;
  /** A step during which the run is cancelled ends as cancelled unless this is set. */
  readonly ends?: 'success' | 'failed';
  readonly sets?: JsonObject;
}

export type RunEnd = Required<Pick<ConditionCase, 'run' | 'ends' | 'steps' | 'outputs'>>;
export type DecideReady = (state: RunState, options: ReadyOptions) => Readiness;

/** Runs a row to its end, one job after the other in the order they became ready. `decide` stands in for the product's rule. */
export function driveRun(row: ConditionCase, decide: DecideReady = readyJobs): RunEnd {
  return new Drive(row, decide).end();
}

class Drive {
  readonly #row: ConditionCase;
  readonly #decide: DecideReady;
  readonly #state: RunState & { cancel?: { by: string; at: number } };
  readonly #jobs: Map<string, JobState>;
  readonly #shown = new Map<string, string>();
  readonly #shownSteps = new Map<string, string[]>();
  #line: string[] = [];
  /** The job that was in a step when the run was cancelled. */
  #stopped: string | undefined;
  #timedOut: string | undefined;

  constructor(row: ConditionCase, decide: DecideReady) {
    this.#row = row;
    this.#decide = decide;
    const plan = resolvePlan({ workflow: asWritten(row), digest: '', inputs: row.inputs ?? {}, vars: {} });
    this.#jobs = new Map(plan.jobs.map((job) => [job.key, aJobState(job.key)]));
    this.#state = aRun(plan.jobs, [], { plan, jobs: this.#jobs });
  }

  end(): RunEnd {
    this.#line = [...this.#look()];
    if (this.#row.cancel === 'start') this.#cancel();
    for (let key = this.#line.shift(); key !== undefined; key = this.#line.shift()) {
      this.#run(key);
      this.#line.push(...this.#after(key));
      if (typeof this.#row.cancel === 'object' && 'after' in this.#row.cancel && this.#row.cancel.after === key) this.#cancel();
    }
    return {
      run: runOutcome(this.#state, (key) => this.#ended(key)),
      ends: Object.fromEntries(this.#shown),
      steps: Object.fromEntries(this.#shownSteps),
      outputs: Object.fromEntries([...this.#jobs].map(([key, job]) => [key, job.outputs])),
    };
  }

  /** Ends what never runs; answers what can run. */
  #look(after?: readonly string[]): readonly string[] {
    const { ready, settled, expanded } = this.#decide(this.#state, { env: this.#row.env ?? {}, ...(after === undefined ? {} : { after }) });
    for (const job of settled) {
      this.#jobs.set(job.job, { ...this.#job(job.job), status: job.status, finishedAt: 2 });
      this.#shown.set(job.job, shown(job));
    }
    for (const { job, combinations } of expanded) {
      this.#jobs.set(job, { ...this.#job(job), matrix: { total: combinations.length, begun: 0, ended: 0 } });
      for (const [index, matrix] of combinations.entries()) {
        const key = toCombinationKey(job, index + 1);
        this.#jobs.set(key, aJobState(key, { combination: { of: job, index, matrix } }));
      }
    }
    return [...ready, ...expanded.flatMap(({ job }) => releasable(this.#state, job))];
  }

  /** What can run once a job, or a combination, has ended. */
  #after(key: string): readonly string[] {
    const of = this.#job(key).combination?.of;
    if (of === undefined) return this.#look([key]);
    this.#countEnd(of);
    if (this.#job(key).status === 'failed' && this.#state.plan.jobs.find((job) => job.key === of)?.strategy?.failFast === true) this.#stopCombinations(of);
    const next = releasedBy(this.#state, of, this.#job(of).matrix?.ended ?? 0);
    return [...(next === undefined ? [] : [next]), ...this.#afterMatrix(of)];
  }

  #afterMatrix(of: string): readonly string[] {
    const end = matrixEnd(this.#state, of);
    if (end === undefined || isTerminalJob(this.#job(of).status)) return [];
    this.#jobs.set(of, { ...this.#job(of), status: end.status, outputs: end.outputs, finishedAt: 2 });
    this.#shown.set(of, end.status);
    return this.#look([of]);
  }

  #countEnd(of: string): void {
    const job = this.#job(of);
    if (job.matrix !== undefined) this.#jobs.set(of, { ...job, matrix: { ...job.matrix, ended: job.matrix.ended + 1 } });
  }

  /** Ends the combinations that have not started. */
  #stopCombinations(of: string): void {
    for (const job of [...this.#jobs.values()]) {
      if (job.combination?.of !== of || job.status !== 'queued') continue;
      this.#jobs.set(job.key, { ...job, status: 'cancelled', finishedAt: 2 });
      this.#countEnd(of);
    }
  }

  #cancel(): void {
    if ([...this.#jobs.values()].every((job) => isTerminalJob(job.status))) return;
    this.#state.cancel = { by: 'ada', at: 1 };
    const matrices = [...this.#jobs.values()].filter((job) => job.matrix !== undefined).map((job) => job.key);
    for (const of of matrices) this.#stopCombinations(of);
    this.#line = [...matrices.flatMap((of) => this.#afterMatrix(of)), ...this.#look()];
  }

  #run(key: string): void {
    const planned = plannedJob(this.#state, key);
    if (planned === undefined) throw new Error(`no job ${key}`);
    const steps: StepState[] = [];
    const shownSteps: string[] = [];
    this.#jobs.set(key, { ...this.#job(key), status: 'running', startedAt: 1 });
    for (const step of planned.steps) {
      const ended = this.#step(planned, step, steps);
      steps.push(aStepState(step.id, { outputs: ended.outputs ?? {}, finishedAt: 2, status: ended.status }));
      shownSteps.push(ended.shown);
    }
    const status = jobResult(planned, steps, this.#timedOut === key);
    const outputs = evaluateOutputs(planned, this.#contexts(planned, steps));
    this.#jobs.set(key, { ...this.#job(key), status, outputs, finishedAt: 2 });
    this.#shownSteps.set(key, shownSteps);
    if (this.#job(key).combination === undefined) this.#shown.set(key, status);
  }

  #step(job: PlannedJob, step: PlannedStep, before: readonly StepState[]): { status: TerminalJobStatus; shown: string; outputs?: JsonObject } {
    try {
      const decision = decideStep({
        state: this.#state,
        job,
        step,
        ended: endedSteps(job, before),
        contexts: this.#contexts(job, before),
        cancelled: this.#stopped === job.key,
        timedOut: this.#timedOut === job.key,
        hashFiles: () => '',
      });
      if (!decision.run) return { status: decision.status, shown: shown(decision) };
    } catch (error) {
      if (!hasCode(error, 'EXPRESSION_FAILED')) throw error;
      return { status: 'failed', shown: 'failed unstarted' };
    }
    const { cancel, timeout } = this.#row;
    const { combination } = this.#job(job.key);
    const row = this.#row.jobs[combination?.of ?? job.key];
    const written = stepsOf(row).find((one) => one.id === step.id);
    const isIn = (at: { during: string; step?: string }): boolean => at.during === job.key && (at.step ?? job.steps[0]?.id) === step.id;
    const isStopped = typeof cancel === 'object' && 'during' in cancel && isIn(cancel);
    if (isStopped) {
      this.#stopped = job.key;
      this.#cancel();
    }
    const runsOut = timeout !== undefined && isIn(timeout);
    if (runsOut) this.#timedOut = job.key;
    const fails = combination !== undefined && typeof row === 'object' && row.fails?.includes(combination.index + 1) === true;
    const status = written?.ends ?? (isStopped ? 'cancelled' : runsOut || fails ? 'failed' : 'success');
    return { status, shown: status, outputs: status === 'cancelled' ? {} : (written?.sets ?? {}) };
  }

  #contexts(job: PlannedJob, steps: readonly StepState[]): JsonObject {
    const state = this.#job(job.key);
    const total = this.#jobs.get(state.combination?.of ?? '')?.matrix?.total ?? 0;
    const needs = needsContext(job, (key) => endedNeed(this.#state, key));
    return { ...runContexts(this.#state), env: this.#row.env ?? {}, needs, steps: stepsContext(job, steps), ...strategyContexts(job, state, total) };
  }

  #job(key: string): JobState {
    const job = this.#jobs.get(key);
    if (job === undefined) throw new Error(`no job ${key}`);
    return job;
  }

  #ended(key: string): TerminalJobStatus {
    const { status } = this.#job(key);
    if (!isTerminalJob(status)) throw new Error(`${key} is stuck: it is ${status}`);
    return status;
  }
}

function asWritten(row: ConditionCase): Workflow {
  const jobs = Object.entries(row.jobs).map(([key, job]) => {
    const { ends: _, fails: _fails, hooks, ...kept } = typeof job === 'string' ? ({} as CaseJob) : job;
    const written = Object.entries(hooks ?? {}).map(([hook, steps]) => [hook, steps.map(asStep)]);
    return [key, { ...kept, ...(hooks === undefined ? {} : { hooks: Object.fromEntries(written) as object }), steps: ownSteps(job).map(asStep) }];
  });
  return { id: 'w', jobs: Object.fromEntries(jobs) as Workflow['jobs'] };
}

function asStep({ ends: _ends, sets: _sets, ...step }: CaseStep) {
  return { uses: 'test-plugin/do:it', ...step };
}

function stepsOf(job: ConditionCase['jobs'][string] | undefined): readonly CaseStep[] {
  const hooks = typeof job === 'object' ? Object.values(job.hooks ?? {}) : [];
  return job === undefined ? [] : [...ownSteps(job), ...hooks.flat()];
}

function ownSteps(job: ConditionCase['jobs'][string]): readonly CaseStep[] {
  if (typeof job === 'string') return [{ id: 'only', ends: job }];
  return job.steps ?? [{ id: 'only', ...(job.ends === undefined ? {} : { ends: job.ends }) }];
}

function shown(end: Pick<SettledJob, 'status' | 'reason'>): string {
  return end.status === 'skipped' ? `skipped by ${end.reason?.rule ?? 'nothing'}` : `${end.status} unstarted`;
}

function jobResult(job: PlannedJob, steps: readonly StepState[], timedOut: boolean): 'success' | 'failed' | 'cancelled' {
  if (steps.some((step) => step.status === 'cancelled')) return 'cancelled';
  return timedOut || steps.some((step, index) => step.status === 'failed' && job.steps[index]?.continueOnError !== true) ? 'failed' : 'success';
}

function evaluateOutputs(job: PlannedJob, contexts: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(job.outputs).map(([name, template]) => [name, evaluateTemplate(template, { contexts })]));
}
