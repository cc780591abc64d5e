import { isTerminalJob, type JobState, type JsonObject, type PlannedJob, type PlannedStep, type RunState, type StepState, type TerminalJobStatus, toRunId, type Workflow } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import { evaluateTemplate } from '@kb-labs/expressions';

import { type Readiness, readyJobs, type ReadyOptions, type SettledJob } from './ready-jobs.js';
import { resolvePlan } from './resolve-plan.js';
import { runOutcome } from './run-outcome.js';
import { effectiveResult, needsContext, runContexts, stepsContext } from './scope.js';
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
  readonly ends?: 'success' | 'failed';
  readonly steps?: readonly CaseStep[];
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

  constructor(row: ConditionCase, decide: DecideReady) {
    this.#row = row;
    this.#decide = decide;
    const plan = resolvePlan({ workflow: asWritten(row), digest: '', inputs: row.inputs ?? {}, vars: {} });
    this.#jobs = new Map(plan.jobs.map((job) => [job.key, queued(job)]));
    this.#state = {
      id: toRunId('0'.repeat(26)),
      seq: 1,
      plan,
      trigger: { type: 'manual', actor: 'test', payload: null, branch: null, tag: null, sha: null },
      status: 'running',
      createdAt: 0,
      outputs: {},
      openJobs: 0,
      runningJobs: 0,
      waitingJobs: 0,
      jobs: this.#jobs,
    };
  }

  end(): RunEnd {
    this.#line = [...this.#look()];
    if (this.#row.cancel === 'start') this.#cancel();
    for (let key = this.#line.shift(); key !== undefined; key = this.#line.shift()) {
      this.#run(key);
      this.#line.push(...this.#look([key]));
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
    const { ready, settled } = this.#decide(this.#state, { env: this.#row.env ?? {}, ...(after === undefined ? {} : { after }) });
    for (const job of settled) {
      this.#jobs.set(job.job, { ...this.#job(job.job), status: job.status, finishedAt: 2 });
      this.#shown.set(job.job, shown(job));
    }
    return ready;
  }

  #cancel(): void {
    if ([...this.#jobs.values()].every((job) => isTerminalJob(job.status))) return;
    this.#state.cancel = { by: 'ada', at: 1 };
    this.#line = [...this.#look()];
  }

  #run(key: string): void {
    const planned = this.#state.plan.jobs.find((job) => job.key === key);
    if (planned === undefined) throw new Error(`no job ${key}`);
    const steps: StepState[] = [];
    const shownSteps: string[] = [];
    this.#jobs.set(key, { ...this.#job(key), status: 'running', startedAt: 1 });
    for (const step of planned.steps) {
      const ended = this.#step(planned, step, steps);
      steps.push({ id: step.id, attempt: 1, interruptions: 0, failures: 0, outputs: ended.outputs ?? {}, artifacts: [], finishedAt: 2, status: ended.status });
      shownSteps.push(ended.shown);
    }
    const status = jobResult(planned, steps);
    const outputs = evaluateOutputs(planned, this.#contexts(planned, steps));
    this.#jobs.set(key, { ...this.#job(key), status, outputs, finishedAt: 2 });
    this.#shown.set(key, status);
    this.#shownSteps.set(key, shownSteps);
  }

  #step(job: PlannedJob, step: PlannedStep, before: readonly StepState[]): { status: TerminalJobStatus; shown: string; outputs?: JsonObject } {
    try {
      const decision = decideStep({
        state: this.#state,
        job,
        step,
        before,
        contexts: this.#contexts(job, before),
        cancelled: this.#stopped === job.key,
        hashFiles: () => '',
      });
      if (!decision.run) return { status: decision.status, shown: shown(decision) };
    } catch (error) {
      if (!hasCode(error, 'EXPRESSION_FAILED')) throw error;
      return { status: 'failed', shown: 'failed unstarted' };
    }
    const { cancel } = this.#row;
    const written = stepsOf(this.#row.jobs[job.key]).find((one) => one.id === step.id);
    const isStopped = typeof cancel === 'object' && 'during' in cancel && cancel.during === job.key && (cancel.step ?? job.steps[0]?.id) === step.id;
    if (isStopped) {
      this.#stopped = job.key;
      this.#cancel();
    }
    const status = written?.ends ?? (isStopped ? 'cancelled' : 'success');
    return { status, shown: status, outputs: status === 'cancelled' ? {} : (written?.sets ?? {}) };
  }

  #contexts(job: PlannedJob, steps: readonly StepState[]): JsonObject {
    const needs = needsContext(job, (key) => {
      const continueOnError = this.#state.plan.jobs.find((one) => one.key === key)?.continueOnError ?? false;
      return { result: effectiveResult(this.#ended(key), continueOnError), outputs: this.#job(key).outputs };
    });
    return { ...runContexts(this.#state), env: this.#row.env ?? {}, needs, steps: stepsContext(job, steps) };
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
    const written = typeof job === 'string' ? {} : job;
    const { ends: _, ...kept } = written;
    const steps = stepsOf(job).map(({ ends: _ends, sets: _sets, ...step }) => ({ uses: 'test-plugin/do:it', ...step }));
    return [key, { ...kept, steps }];
  });
  return { id: 'w', jobs: Object.fromEntries(jobs) as Workflow['jobs'] };
}

function stepsOf(job: ConditionCase['jobs'][string] | undefined): readonly CaseStep[] {
  if (job === undefined) return [];
  if (typeof job === 'string') return [{ id: 'only', ends: job }];
  return job.steps ?? [{ id: 'only', ends: job.ends ?? 'success' }];
}

function queued(job: PlannedJob): JobState {
  return { key: job.key, status: 'queued', attempt: 1, turn: 0, outputs: {}, steps: [] };
}

function shown(end: Pick<SettledJob, 'status' | 'reason'>): string {
  return end.status === 'skipped' ? `skipped by ${end.reason?.rule ?? 'nothing'}` : `${end.status} unstarted`;
}

function jobResult(job: PlannedJob, steps: readonly StepState[]): 'success' | 'failed' | 'cancelled' {
  if (steps.some((step) => step.status === 'cancelled')) return 'cancelled';
  return steps.some((step, index) => step.status === 'failed' && job.steps[index]?.continueOnError !== true) ? 'failed' : 'success';
}

function evaluateOutputs(job: PlannedJob, contexts: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(job.outputs).map(([name, template]) => [name, evaluateTemplate(template, { contexts })]));
}
