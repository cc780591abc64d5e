import {
  isTerminalJob,
  LIMITS,
  toIdempotencyKey,
  type JobState,
  type JsonObject,
  type PlannedJob,
  type PlannedStep,
  type Reason,
  type RunError,
  type RunEventBody,
  type RunState,
  type StepState,
} from '@kb-labs/contracts';
import { AppError, fromUnknown, toRunError } from '@kb-labs/errors';
import { evaluateTemplate } from '@kb-labs/expressions';
import { foldRun } from '@kb-labs/projector';
import { decideRetry, decideStep, jobGraph, needsContext, effectiveResult, runContexts, stepsContext } from '@kb-labs/resolver';

import { closeRun } from './advance-run.js';
import type { CancelWatch } from './cancel-watch.js';
import type { EngineDeps } from './deps.js';
import { evaluateEnv } from './evaluate-env.js';
import { endJob, suspendJob } from './finish-job.js';
import type { JobHold } from './job-hold.js';
import { evaluateStep, runStep, type StepEnd, type StepInputs } from './run-step.js';
import type { RunStates } from './run-states.js';

export type JobDeps = Pick<EngineDeps, 'log' | 'queue' | 'logs' | 'blobs' | 'plugins' | 'files' | 'clock' | 'logger' | 'random' | 'workspace'>;

/**
 * Runs one hand-out of a job: from where its journal left off to its end, or to the point where it has to wait.
 * Steps that ended are never run again in the same attempt; a step that was running when its worker died is recorded as
 * interrupted first.
 */
export async function runJob(deps: JobDeps, shared: { states: RunStates; cancels: CancelWatch }, hold: JobHold): Promise<void> {
  const run = await begin(deps, shared.states, hold);
  if (run === undefined) return;
  const unwatch = shared.cancels.add(hold, run.begunAt);
  const disarm = deps.clock.after(run.planned.timeoutMs, () => run.timeOut());
  try {
    await run.steps();
  } finally {
    disarm();
    unwatch();
  }
}

/** Reads the journal and decides whether there is anything to do. */
async function begin(deps: JobDeps, states: RunStates, hold: JobHold): Promise<JobRun | undefined> {
  const { lease } = hold;
  const begun = await states.read(lease.runId, (state) => {
    const job = state.jobs.get(lease.job);
    const planned = jobGraph(state.plan).byKey.get(lease.job);
    if (job === undefined || planned === undefined || isTerminalJob(job.status)) return undefined;
    if (job.attempt !== lease.attempt || job.turn !== lease.turn) return undefined;
    return new JobRun(deps, states, hold, state, planned);
  });
  if (begun === undefined) await deps.queue.discard([lease]);
  return begun;
}

/** One hand-out of a job. Holds the state of this job alone; events wait in `#pending` so that each append carries all there is. */
class JobRun {
  readonly planned: PlannedJob;
  /** The last event of the journal when the hand-out began. */
  readonly begunAt: number;
  readonly #deps: JobDeps;
  readonly #states: RunStates;
  readonly #hold: JobHold;
  readonly #pending: RunEventBody[] = [];
  /** Whether the journal knows of this hand-out; its first append is a decision, the others are records. */
  #started = false;
  readonly #resumed: boolean;
  #state: RunState;
  #timedOut = false;

  constructor(deps: JobDeps, states: RunStates, hold: JobHold, state: RunState, planned: PlannedJob) {
    this.#deps = deps;
    this.#states = states;
    this.#hold = hold;
    this.begunAt = state.seq;
    this.#state = ownState(state, planned);
    this.#resumed = this.#job.startedAt !== undefined;
    this.planned = planned;
    if (this.#job.cancelled) hold.cancelled = true;
    const { attempt, turn, token, worker } = hold.lease;
    this.#record({ type: 'job.started', job: planned.key, attempt, turn, token, worker });
  }

  timeOut(): void {
    this.#timedOut = true;
    this.#hold.timeOut();
  }

  async steps(): Promise<void> {
    const interrupted = this.#job.steps.find((step) => step.status === 'running');
    if (interrupted !== undefined) await this.#endStray(interrupted);
    if (this.#recordInterruption() === 'quarantined') return this.#quarantine();
    for (const [index, planned] of this.planned.steps.entries()) {
      for (let again = !isTerminalJob(this.#step(index).status); again; ) {
        if (this.#hold.handBack && this.#started) return this.#handBack();
        const went = await this.#try(planned, index);
        if (went === 'lost' || went === 'waiting') return;
        again = went === 'again';
      }
    }
    await this.#finish();
  }

  /** One step, once: skipped, or run to the outcome of one try. */
  async #try(planned: PlannedStep, index: number): Promise<'next' | 'again' | 'waiting' | 'lost'> {
    const step = this.#step(index);
    const inputs = this.#decide(planned, index);
    if (inputs === undefined) return 'next';
    this.#record({ ...this.#at(step), type: 'step.started', isolation: this.#deps.plugins.isolationOf(planned.uses) });
    if (!(await this.#store())) return 'lost';
    const end = await runStep(this.#deps, this.#hold, { ...this.#place(planned, step), stepAttempt: step.attempt }, inputs);
    if (end.status === 'lost' || this.#hold.lost) return 'lost';
    return this.#recordEnd(planned, index, end);
  }

  /** The inputs of a step that runs; `undefined` once its end is recorded because it does not. */
  #decide(planned: PlannedStep, index: number): StepInputs | undefined {
    const at = this.#at(this.#step(index));
    try {
      if (this.#timedOut) {
        const reason: Reason = { rule: 'timeout', message: 'the time of the job ran out' };
        this.#record({ ...at, type: 'step.finished', status: 'skipped', outputs: {}, artifacts: [], reason });
        return undefined;
      }
      const contexts = this.#contexts(index);
      const decision = decideStep({
        state: this.#state,
        job: this.planned,
        step: planned,
        before: this.#job.steps.slice(0, index),
        contexts,
        cancelled: this.#hold.cancelled,
        hashFiles: (patterns) => this.#deps.files.hash(this.#deps.workspace, patterns),
      });
      if (decision.run) return evaluateStep(planned, contexts, this.#deps);
      this.#record({ ...at, type: 'step.finished', status: decision.status, outputs: {}, artifacts: [], reason: decision.reason });
    } catch (thrown) {
      this.#record({ ...at, type: 'step.finished', status: 'failed', outputs: {}, artifacts: [], error: toRunError(fromUnknown(thrown)) });
    }
    return undefined;
  }

  async #recordEnd(planned: PlannedStep, index: number, end: Exclude<StepEnd, { status: 'lost' }>): Promise<'next' | 'again' | 'waiting' | 'lost'> {
    const step = this.#step(index);
    const { outputs, artifacts } = end;
    const finished = { ...this.#at(step), type: 'step.finished' as const, status: end.status, outputs, artifacts };
    if (end.status !== 'failed') {
      this.#record(finished);
      return 'next';
    }
    const now = this.#deps.clock.now();
    const tried = { attempt: step.attempt, failuresBefore: step.failures, code: end.error.code, retryable: end.retryable };
    const retry = this.#hold.cancelled
      ? undefined
      : decideRetry(planned.retry, { ...tried, ...(end.retryAfterMs === undefined ? {} : { retryAfterMs: end.retryAfterMs }) }, { now, random: this.#deps.random() });
    if (retry === undefined) {
      this.#record({ ...finished, error: end.error });
      return 'next';
    }
    const reason: Reason = { rule: 'retry', message: `try ${retry.attempt} follows ${end.error.code}`, dueAt: retry.dueAt };
    this.#record({ ...finished, error: end.error, reason, retry }, now);
    if (retry.dueAt <= now) return 'again';
    return suspendJob(this.#states, this.#hold, { events: this.#pending.splice(0), dueAt: retry.dueAt });
  }

  /** What the last worker has started and left behind must not go on beside the next try. */
  async #endStray(step: StepState): Promise<void> {
    const place = { runId: this.#state.id, job: this.planned.key, attempt: this.#job.attempt, step: step.id };
    const ended = await this.#deps.plugins.endStray(toIdempotencyKey(place));
    if (ended > 0) this.#deps.logger.warn('ended processes that a dead worker had left', { ...place, ended });
  }

  /** What was running when the last worker died gets its outcome. */
  #recordInterruption(): 'recorded' | 'quarantined' {
    const index = this.#job.steps.findIndex((step) => step.status === 'running');
    const planned = this.planned.steps[index];
    if (planned === undefined) return 'recorded';
    const step = this.#step(index);
    if (step.interruptions + 1 >= LIMITS.interruptionsBeforeQuarantine) return 'quarantined';
    const error = toRunError(new AppError('STEP_INTERRUPTED'));
    const finished = { ...this.#at(step), type: 'step.finished' as const, outputs: {}, artifacts: [], error };
    if (planned.onInterrupt === 'fail') this.#record({ ...finished, status: 'failed' });
    else this.#record({ ...finished, status: 'interrupted', retry: { attempt: step.attempt + 1, dueAt: this.#deps.clock.now(), code: error.code } });
    return 'recorded';
  }

  async #quarantine(): Promise<void> {
    const times = LIMITS.interruptionsBeforeQuarantine;
    const error = toRunError(new AppError('RUN_QUARANTINED', { times }));
    const reason: Reason = { rule: 'quarantine', message: error.message };
    const { id, token } = this.#hold.lease;
    await this.#states.decide(this.#hold.lease.runId, (draft) => closeRun(draft, { status: 'quarantined', reason, error }), { ticket: id, token });
  }

  async #finish(): Promise<void> {
    const end = this.#end();
    await endJob(this.#deps, this.#states, this.#hold, { events: this.#pending.splice(0), planned: this.planned, ...end });
  }

  /** Leaves the rest to another worker. */
  async #handBack(): Promise<void> {
    if (await this.#store()) await this.#deps.queue.release([this.#hold.lease]);
  }

  #end(): { status: 'success' | 'failed' | 'cancelled'; outputs: JsonObject; error?: RunError } {
    const { steps } = this.#job;
    const results = steps.map((step, index) => ({
      step,
      result: step.status === 'failed' ? effectiveResult('failed', this.planned.steps[index]?.continueOnError ?? false) : step.status,
    }));
    const failed = results.find((one) => one.result === 'failed')?.step;
    const cancelled = steps.some((step) => step.status === 'cancelled');
    const status = cancelled ? 'cancelled' : failed === undefined ? 'success' : 'failed';
    try {
      const outputs = evaluateOutputs(this.planned, this.#contexts(steps.length));
      return { status, outputs, ...(failed?.error === undefined ? {} : { error: failed.error }) };
    } catch (thrown) {
      return { status: status === 'success' ? 'failed' : status, outputs: {}, error: failed?.error ?? toRunError(fromUnknown(thrown)) };
    }
  }

  /** Everything a step's expressions can read: `index` steps are before it. */
  #contexts(index: number): JsonObject {
    const base: JsonObject = {
      ...runContexts(this.#state),
      needs: needsContext(this.planned, (key) => {
        const need = this.#state.jobs.get(key);
        if (need === undefined || !isTerminalJob(need.status)) return undefined;
        const continueOnError = jobGraph(this.#state.plan).byKey.get(key)?.continueOnError ?? false;
        return { result: effectiveResult(need.status, continueOnError), outputs: need.outputs };
      }),
      steps: stepsContext(this.planned, this.#job.steps.slice(0, index)),
    };
    const env = evaluateEnv(evaluateEnv({}, this.#state.plan.env, base), this.planned.env, base);
    return { ...base, env };
  }

  get #job(): JobState {
    const job = this.#state.jobs.get(this.#hold.lease.job);
    if (job === undefined) throw new Error('the state lost its own job');
    return job;
  }

  #step(index: number): StepState {
    const step = this.#job.steps[index];
    if (step === undefined) throw new Error('the state lost its own step');
    return step;
  }

  #at(step: StepState): { job: string; attempt: number; step: string; stepAttempt: number } {
    return { job: this.planned.key, attempt: this.#job.attempt, step: step.id, stepAttempt: step.attempt };
  }

  #place(planned: PlannedStep, step: StepState) {
    const fresh = !this.#resumed && this.#job.attempt === 1 && step.attempt === 1;
    return { state: this.#state, job: this.planned.key, attempt: this.#job.attempt, step: planned, jobTimeoutMs: this.planned.timeoutMs, fresh };
  }

  #record(event: RunEventBody, at = this.#deps.clock.now()): void {
    this.#state = foldRun(this.#state.id, [{ ...event, seq: this.#state.seq + 1, at }], this.#state);
    this.#pending.push(event);
  }

  /**
   * Appends what is pending; `false` when the lease is gone. The first append of a hand-out is a decision, because a
   * cancellation that comes at the same time has to see that the job runs.
   */
  async #store(): Promise<boolean> {
    if (this.#hold.lost) return false;
    const events = this.#pending.splice(0);
    const { runId, id, token } = this.#hold.lease;
    const fence = { ticket: id, token };
    if (this.#started) {
      const result = await this.#deps.log.append({ runId, at: this.#deps.clock.now(), events, fence });
      return result.ok;
    }
    const decided = await this.#states.decide(runId, (draft) => events.forEach((event) => draft.add(event)), fence);
    this.#started = true;
    if (!decided.ok) return false;
    if (decided.state.jobs.get(this.planned.key)?.cancelled) this.#hold.cancelled = true;
    return true;
  }
}

/** A state of this job and those it needs, apart from the shared one: the fold changes it in place. */
function ownState(state: RunState, planned: PlannedJob): RunState {
  const jobs = new Map<string, JobState>();
  for (const key of [planned.key, ...planned.needs]) {
    const job = state.jobs.get(key);
    if (job !== undefined) jobs.set(key, key === planned.key ? { ...job, steps: job.steps.map((step) => ({ ...step })) } : job);
  }
  return { ...state, jobs };
}

function evaluateOutputs(planned: PlannedJob, contexts: JsonObject): JsonObject {
  const entries = Object.entries(planned.outputs).map(([name, template]) => [name, evaluateTemplate(template, { contexts })] as const);
  return Object.fromEntries(entries);
}
