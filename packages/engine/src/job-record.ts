import type { JobState, JsonObject, JsonValue, PlannedJob, RunEventBody, RunState, StepState } from '@kb-labs/contracts';
import { foldRun } from '@kb-labs/projector';
import { EndedSteps, plannedJob, stepsContext, stopReason } from '@kb-labs/resolver';

import { blobsOfEvents } from './blobs-of-events.js';
import type { EngineDeps } from './deps.js';
import { jobContexts } from './job-contexts.js';
import type { JobHold } from './job-hold.js';
import { digestFor } from './keep-results.js';
import type { Decider } from './decider.js';

type RecordDeps = Pick<EngineDeps, 'log' | 'clock' | 'callbacks'>;

/**
 * What one hand-out of a job knows and writes down. It holds the state of this job alone; events wait in `pending` so that
 * each append carries all there is.
 */
export class JobRecord {
  readonly hold: JobHold;
  readonly planned: PlannedJob;
  /** The last event of the journal when the hand-out began. */
  readonly begunAt: number;
  /** Whether the job was handed out before in this attempt. */
  readonly resumed: boolean;
  /** Whether the worker that has it now is the one that had it before: then that one has not died. */
  readonly sameWorker: boolean;
  /** Whether the journal knows of this hand-out; its first append is a decision, the others are records. */
  started = false;
  readonly #deps: RecordDeps;
  readonly #states: Decider;
  /** The whole run as it was: what this job needs has ended and does not change any more. */
  readonly #around: RunState;
  readonly #pending: RunEventBody[] = [];
  #state: RunState;
  #base: JsonObject | undefined;
  #ended: EndedSteps;

  constructor(deps: RecordDeps, states: Decider, hold: JobHold, state: RunState) {
    const planned = plannedJob(state, hold.lease.job);
    if (planned === undefined) throw new Error(`the plan of ${state.id} lacks the job ${hold.lease.job}`);
    this.#deps = deps;
    this.#states = states;
    this.hold = hold;
    this.planned = planned;
    this.begunAt = state.seq;
    this.#around = state;
    this.#state = ownState(state, hold.lease.job);
    this.#ended = new EndedSteps(planned);
    this.resumed = this.job.startedAt !== undefined;
    if (this.job.cancelled) hold.cancel(stopReason(state, hold.lease.job));
    const { job, attempt, turn, token, worker } = hold.lease;
    this.sameWorker = this.job.worker === worker;
    this.add({ type: 'job.started', job, attempt, turn, token, worker });
  }

  get state(): RunState {
    return this.#state;
  }

  /** The run around the job: jobs that this one needs are to be read here. */
  get around(): RunState {
    return this.#around;
  }

  get job(): JobState {
    const job = this.#state.jobs.get(this.hold.lease.job);
    if (job === undefined) throw new Error('the state lost its own job');
    return job;
  }

  step(index: number): StepState {
    const step = this.job.steps[index];
    if (step === undefined) throw new Error('the state lost its own step');
    return step;
  }

  /** Names one try of a step in events. */
  at(index: number): { job: string; attempt: number; step: string; stepAttempt: number } {
    const step = this.step(index);
    return { job: this.job.key, attempt: this.job.attempt, step: step.id, stepAttempt: step.attempt };
  }

  /** Everything the expressions of the next step can read. */
  contexts(): JsonObject {
    this.#base ??= jobContexts(this.#around, this.planned, { callbackUrl: () => this.#deps.callbacks.urlOf(this.#state.id) });
    return { ...this.#base, steps: this.#stepsContext() };
  }

  /** The same with `secrets` in the job's `env`, for what is kept nowhere. */
  contextsWith(secrets: JsonObject): JsonObject {
    const base = jobContexts(this.#around, this.planned, { callbackUrl: () => this.#deps.callbacks.urlOf(this.#state.id), secrets });
    return { ...base, steps: this.#stepsContext() };
  }

  /** The steps that have ended. */
  ended(): EndedSteps {
    this.#ended.catchUp(this.job.steps, this.job.endedSteps);
    return this.#ended;
  }

  /** A gate ahead that sent the job back over the next step shows what it decided then. */
  #stepsContext(): JsonObject {
    const { steps, endedSteps } = this.job;
    const sentBack = (steps[endedSteps]?.iteration ?? 1) > 1;
    return sentBack ? stepsContext(this.planned, steps) : this.ended().left;
  }

  digest(): Promise<((value: JsonValue) => string) | undefined> {
    return digestFor(this.#state);
  }

  add(event: RunEventBody, at = this.#deps.clock.now()): void {
    this.#state = foldRun(this.#state.id, [{ ...event, seq: this.#state.seq + 1, at }], this.#state);
    this.#pending.push(event);
    // The steps that begin anew leave something else, and may not fail again.
    if (event.type === 'step.finished' && event.restart !== undefined) this.#ended = new EndedSteps(this.planned);
  }

  /** What is not in the journal yet, to be appended with a decision. */
  takePending(): RunEventBody[] {
    return this.#pending.splice(0);
  }

  /** Puts back what was taken and not appended. */
  putBack(events: readonly RunEventBody[]): void {
    this.#pending.unshift(...events);
  }

  /**
   * Appends what is pending; `false` when the lease is gone. The first append of a hand-out is a decision, because a
   * cancellation that comes at the same time has to see that the job runs.
   */
  async store(): Promise<boolean> {
    if (this.hold.lost) return false;
    const events = this.takePending();
    const { runId, id, token, job } = this.hold.lease;
    const fence = { ticket: id, token };
    if (this.started) {
      const at = this.#deps.clock.now();
      const result = await this.#deps.log.append({ runId, at, events, ...blobsOfEvents(events), fence });
      if (!result.ok) return false;
      const before = result.seq - events.length;
      this.#states.note(runId, events.map((event, index) => ({ ...event, seq: before + 1 + index, at })));
      return true;
    }
    const decided = await this.#states.decideOwn(runId, (draft) => events.forEach((event) => draft.add(event)), fence);
    this.started = true;
    if (!decided.ok) return false;
    const now = decided.state.jobs.get(job);
    if (now?.cancelled) this.hold.cancel(stopReason(decided.state, job));
    return true;
  }
}

/** A state of this job alone, apart from the shared one: the fold changes it in place. */
export function ownState(state: RunState, key: string): RunState {
  const job = state.jobs.get(key);
  const jobs = job === undefined ? [] : [[key, { ...job, steps: job.steps.map((step) => ({ ...step })) }] as const];
  return { ...state, callbacks: [...state.callbacks], jobs: new Map(jobs) };
}
