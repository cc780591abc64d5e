import { type JsonObject, type PlannedStep, type Reason, type RunEventBody, type RunId, type StepWait, waitEndsAt } from '@kb-labs/contracts';
import { fromUnknown, toRunError } from '@kb-labs/errors';
import type { ConsumedArtifact } from '@kb-labs/ports';
import { decideRetry, stopReason } from '@kb-labs/resolver';

import { beginWait, type WaitName } from './begin-wait.js';
import { answerIfEnded, callWorkflow } from './call-workflow.js';
import { cancelChild, cancelIfUnwanted } from './cancel-children.js';
import { decideNext, keepEarlier, mayKeep } from './decide-next.js';
import type { EngineDeps } from './deps.js';
import { endOfWait } from './end-wait.js';
import type { StepInputs } from './evaluate-step.js';
import { endJob, suspendJob } from './finish-job.js';
import { finishOutputs } from './finish-outputs.js';
import { consumedArtifacts } from './job-artifacts.js';
import { outcomeOf, type JobOutcome } from './job-outcome.js';
import type { JobRecord } from './job-record.js';
import { JobSecrets } from './job-secrets.js';
import { passGate } from './pass-gate.js';
import { isPassing } from './passing.js';
import type { JobShared } from './job-shared.js';
import { notPlaced, type PreparedStep, prepareStep } from './prepare-step.js';
import { quarantine } from './quarantine.js';
import { runStep, type StepEnd } from './run-step.js';
import { runsCode } from './runs-code.js';
import { artifactStore } from './store-artifacts.js';
import { recordInterruption } from './take-over.js';

/** What one try of a step led to. `again`: look for the next step anew, which can be this one. */
type Went = 'again' | 'waiting' | 'lost';
type Ended = Exclude<StepEnd, { status: 'lost' }>;
/** A step that has a place to run. */
interface Placed {
  readonly given: PreparedStep['given'];
  readonly placement: PreparedStep['placement'] & { readonly ok: true };
}
/** Said of a call whose run was never created. */
type Refusal = { readonly childRefused?: true };

/** The steps of one hand-out of a job, one after the other. */
export class JobRun {
  readonly #deps: EngineDeps;
  readonly #shared: JobShared;
  readonly #record: JobRecord;
  readonly #secrets: JobSecrets;
  #consumed: readonly ConsumedArtifact[] = [];
  #timedOut = false;
  /** The time that is left for hooks after that is over as well. */
  #overtime = false;
  /** What was known when the step was decided that is being tried. */
  #knewOfCancel = false;
  /** The first step, whose start stands in the journal already. */
  #begun: { readonly step: PlannedStep; readonly prepared: Placed } | undefined;

  constructor(deps: EngineDeps, shared: JobShared, record: JobRecord) {
    this.#deps = deps;
    this.#shared = shared;
    this.#record = record;
    this.#secrets = new JobSecrets(deps, record.state.plan);
  }

  get record(): JobRecord {
    return this.#record;
  }

  timeOut(): void {
    if (this.#timedOut) this.#overtime = true;
    this.#timedOut = true;
    this.#record.hold.timeOut();
  }

  /**
   * Prepares the first step before the job is handed out, and answers the events that begin both: `steps` goes on from there, once they are in the journal.
   * `undefined` when more has to be looked at than what is at hand, or anything is in the way: then the job has to be begun anew. At once where nobody has to be asked.
   */
  begin(): RunEventBody[] | undefined | Promise<RunEventBody[] | undefined> {
    const { hold, planned, state } = this.#record;
    const [step] = planned.steps;
    const isAtHand = step !== undefined && runsCode(step) && step.target === undefined && (state.plan.secrets ?? []).length === 0 && (planned.artifacts?.consume ?? []).length === 0 && state.rerun === undefined;
    if (!isAtHand) return undefined;
    hold.deciding();
    const decided = this.#decide(step, 0);
    if (decided === undefined) return undefined;
    const preparing = this.#prepare(step, 0, decided.inputs);
    return preparing instanceof Promise ? preparing.then((prepared) => this.#beginWith(step, prepared)) : this.#beginWith(step, preparing);
  }

  #beginWith(step: PlannedStep, { given, placement, stopped }: PreparedStep): RunEventBody[] | undefined {
    if (!placement.ok || stopped !== undefined) return undefined;
    this.#begun = { step, prepared: { given, placement } };
    this.#addStart(0, placement);
    this.#record.started = true;
    return this.#record.takePending();
  }

  async steps(): Promise<void> {
    if (this.#begun === undefined) return this.#stepsFromJournal();
    const { step, prepared } = this.#begun;
    if ((await this.#carryOut(step, 0, prepared)) === 'again') await this.#stepsLeft();
  }

  async #stepsFromJournal(): Promise<void> {
    const { hold, planned } = this.#record;
    if ((await recordInterruption(this.#deps, this.#record)) === 'quarantined') return quarantine(this.#shared.states, hold.lease);
    try {
      this.#consumed = consumedArtifacts(this.#deps, this.#record.around, planned);
    } catch (thrown) {
      return this.#finish({ status: 'failed', outputs: {}, error: toRunError(fromUnknown(thrown)) });
    }
    await this.#stepsLeft();
  }

  async #stepsLeft(): Promise<void> {
    const { hold, planned } = this.#record;
    for (;;) {
      const index = this.#record.job.endedSteps;
      const step = planned.steps[index];
      if (step === undefined) break;
      if (hold.handBack && this.#record.started) return this.#handBack();
      const went = await this.#try(step, index);
      if (went !== 'again') return;
    }
    await this.#finish(await outcomeOf(this.#deps, this.#record));
  }

  /** One step, once: skipped, waited for, or run to the outcome of one try. */
  async #try(planned: PlannedStep, index: number): Promise<Went> {
    const step = this.#record.step(index);
    this.#record.hold.deciding();
    this.#knewOfCancel = this.#record.hold.cancelled || this.#record.state.cancel !== undefined;
    if (step.wait !== undefined) return this.#goOnWaiting(planned, index);
    if (step.status === 'running' && step.child !== undefined && planned.detach !== true) {
      if (this.#record.hold.cancelled) return this.#stopWaiting(index, step.child);
      // Its worker died. The run that it called goes on whatever has become of the document, the inputs and the conditions.
      if ((await this.#deps.catalog.getRun(step.child)) !== undefined) return this.#awaitChild(planned, index, step.child);
    }
    const decided = this.#decide(planned, index);
    if (decided === undefined) return 'again';
    const { inputs } = decided;
    if (inputs !== undefined && mayKeep(this.#record, index) && (await keepEarlier(this.#record, planned, index, inputs))) return 'again';
    const { uses } = planned;
    if (uses.kind === 'workflow') return this.#call(planned, index, withoutSecret(planned, inputs));
    if (uses.kind === 'plugin' || uses.name === 'run') return await this.#run(planned, index, inputs);
    if (uses.name === 'gate') return this.#gate(planned, index, withoutSecret(planned, inputs));
    return this.#beginWait(planned, index, { inputs: withoutSecret(planned, inputs), name: uses.name });
  }

  async #run(planned: PlannedStep, index: number, inputs: StepInputs | undefined): Promise<Went> {
    let prepared: PreparedStep;
    try {
      const preparing = this.#prepare(planned, index, inputs);
      prepared = preparing instanceof Promise ? await preparing : preparing;
    } catch (thrown) {
      return this.#fail(planned, index, thrown);
    }
    const { given, placement, stopped } = prepared;
    if (this.#record.hold.lost) return 'lost';
    if (!placement.ok) return this.#recordEnd(planned, index, await notPlaced(placement, { stopped, jobTimeoutMs: this.#record.planned.timeoutMs, secrets: this.#secrets }));
    this.#addStart(index, placement);
    if (!(await this.#record.store())) return 'lost';
    return await this.#carryOut(planned, index, { given, placement });
  }

  #prepare(step: PlannedStep, index: number, inputs: StepInputs | undefined): PreparedStep | Promise<PreparedStep> {
    return prepareStep(this.#deps, { record: this.#record, secrets: this.#secrets, step, stepAttempt: this.#record.step(index).attempt, inputs });
  }

  #addStart(index: number, { isolation, image }: Placed['placement']): void {
    this.#record.add({ ...this.#record.at(index), type: 'step.started', isolation, ...(image === undefined ? {} : { image }) });
  }

  /** Runs a step whose start is in the journal. */
  async #carryOut(planned: PlannedStep, index: number, { given, placement }: Placed): Promise<Went> {
    const { hold, state, job, resumed } = this.#record;
    const step = this.#record.step(index);
    const end = await runStep(
      this.#deps,
      hold,
      {
        state,
        job: job.key,
        attempt: job.attempt,
        step: planned,
        stepAttempt: step.attempt,
        iteration: step.iteration,
        jobTimeoutMs: this.#record.planned.timeoutMs,
        consumed: this.#consumed,
        placement,
        fresh: !resumed && job.attempt === 1 && step.attempt === 1 && step.iteration === 1,
      },
      given,
    );
    if (end.status === 'lost' || hold.lost) return 'lost';
    const recorded = this.#recordEnd(planned, index, end);
    return recorded instanceof Promise ? await recorded : recorded;
  }

  #decide(planned: PlannedStep, index: number): ReturnType<typeof decideNext> {
    return decideNext(this.#deps, this.#record, planned, index, { timedOut: this.#timedOut, over: this.#overtime });
  }

  async #beginWait(planned: PlannedStep, index: number, { inputs, name }: { inputs: StepInputs; name: WaitName }): Promise<Went> {
    let wait: StepWait;
    try {
      wait = await beginWait(this.#deps, planned, name, inputs.input);
    } catch (thrown) {
      return this.#fail(planned, index, thrown);
    }
    this.#record.add({ ...this.#record.at(index), type: 'step.started', isolation: 'in-process' });
    return this.#suspend(index, wait);
  }

  async #suspend(index: number, wait: StepWait): Promise<Went> {
    const { id } = this.#record.step(index);
    const pending = this.#record.takePending();
    const events = [...pending, { ...this.#record.at(index), type: 'step.waiting' as const, wait }];
    const went = await suspendJob(this.#shared.states, this.#record.hold, { events, dueAt: waitEndsAt(wait), knewOfCancel: this.#knewOfCancel, step: { id, wait } });
    const child = wait.kind === 'child' ? wait.runId : undefined;
    if (went === 'cancelled') {
      this.#record.putBack(pending);
      return this.#stopWaiting(index, child);
    }
    if (went === 'waiting' && child !== undefined) await answerIfEnded(this.#deps, this.#shared.states, child);
    if (went === 'lost' && child !== undefined) await cancelIfUnwanted(this.#deps, this.#shared.states, child);
    return went;
  }

  async #awaitChild(planned: PlannedStep, index: number, runId: RunId): Promise<Went> {
    const limitMs = planned.timeoutMs ?? undefined;
    const limit = limitMs === undefined ? {} : { expiresAt: this.#deps.clock.now() + limitMs, limitMs };
    return this.#suspend(index, { kind: 'child', runId, ...limit });
  }

  /** Ends a step that was cancelled before what it waits for has come. */
  async #stopWaiting(index: number, child: RunId | undefined): Promise<Went> {
    const { hold, state } = this.#record;
    hold.cancel(await this.#shared.states.read(state.id, (now) => stopReason(now, hold.lease.job)));
    if (child !== undefined) await cancelChild(this.#shared.states, child, state.id);
    const reason = hold.cancelReason === undefined ? {} : { reason: hold.cancelReason };
    this.#record.add({ ...this.#record.at(index), type: 'step.finished', status: 'cancelled', outputs: {}, artifacts: [], ...reason });
    return 'again';
  }

  /** The job was handed out again for a step that waits: it was answered, its time is up, or it is not wanted any more. */
  async #goOnWaiting(planned: PlannedStep, index: number): Promise<Went> {
    const step = this.#record.step(index);
    const { wait } = step;
    if (wait === undefined) return 'again';
    if (step.unwanted === true && step.answer === undefined) return this.#stopWaiting(index, wait.kind === 'child' ? wait.runId : undefined);
    const end = endOfWait(step, this.#deps.clock.now());
    if (end === undefined) return this.#suspend(index, wait);
    if (wait.kind === 'child' && step.answer === undefined) await cancelChild(this.#shared.states, wait.runId, this.#record.state.id);
    if (end.status === 'failed') return this.#recordEnd(planned, index, { ...end, outputs: end.result, artifacts: [] });
    return this.#succeed(planned, index, end.result);
  }

  async #gate(planned: PlannedStep, index: number, inputs: StepInputs): Promise<Went> {
    const { id, iteration } = this.#record.step(index);
    this.#record.add({ ...this.#record.at(index), type: 'step.started', isolation: 'in-process' });
    const passed = passGate(this.#deps, { id, iteration }, inputs.input);
    if (passed.status === 'failed') return this.#recordEnd(planned, index, { ...passed, artifacts: [] });
    if (passed.restartFrom === undefined) return this.#succeed(planned, index, passed.outputs);
    this.#record.add({
      ...this.#record.at(index),
      type: 'step.finished',
      status: 'success',
      outputs: passed.outputs,
      artifacts: [],
      restart: { from: passed.restartFrom },
    });
    return (await this.#record.store()) ? 'again' : 'lost';
  }

  /** Starts another run, the same one again after a crash, and waits for it unless it is to go on alone. */
  async #call(planned: PlannedStep, index: number, inputs: StepInputs): Promise<Went> {
    const { uses } = planned;
    if (uses.kind !== 'workflow') throw new Error(`the step ${planned.id} calls no workflow`);
    const step = this.#record.step(index);
    const runId = step.child ?? this.#deps.ids.runId();
    if (step.status !== 'running') this.#record.add({ ...this.#record.at(index), type: 'step.started', isolation: 'in-process', child: runId });
    if (!(await this.#record.store())) return 'lost';
    if (this.#record.hold.cancelled && !this.#knewOfCancel) return this.#stopWaiting(index, planned.detach === true ? undefined : step.child);
    const waits = planned.detach !== true;
    const { around } = this.#record;
    try {
      const children = await this.#shared.states.read(around.id, (now) => now.children);
      const caller = { ...around, children };
      await callWorkflow(this.#deps, this.#shared.states, { caller, job: this.#record.job.key, step: planned.id, uses, input: inputs.input, runId, waits });
    } catch (thrown) {
      const refused = (await this.#deps.catalog.getRun(runId)) === undefined;
      return this.#fail(planned, index, thrown, refused ? { childRefused: true } : {});
    }
    if (waits) return this.#awaitChild(planned, index, runId);
    this.#shared.onRunStarted(runId);
    return this.#succeed(planned, index, { runId });
  }

  /** Applies the step's own `outputs:` and `artifacts:` to a result the engine made. */
  async #succeed(planned: PlannedStep, index: number, result: JsonObject): Promise<Went> {
    const { artifacts, save } = artifactStore(this.#deps);
    try {
      const contexts = this.#record.contexts();
      const outputs = await finishOutputs(this.#deps, planned, result, { contexts, saveArtifact: save });
      return await this.#recordEnd(planned, index, { status: 'success', outputs, artifacts });
    } catch (thrown) {
      return this.#fail(planned, index, thrown);
    }
  }

  async #fail(planned: PlannedStep, index: number, thrown: unknown, more: Refusal = {}): Promise<Went> {
    // The job is given back, and goes on from its journal.
    if (isPassing(thrown)) throw thrown;
    const error = fromUnknown(thrown);
    return this.#recordEnd(planned, index, { status: 'failed', outputs: {}, artifacts: [], error: await this.#secrets.redactError(toRunError(error)), retryable: error.retryable }, more);
  }

  #recordEnd(planned: PlannedStep, index: number, end: Ended, more: Refusal = {}): Went | Promise<Went> {
    const step = this.#record.step(index);
    const { outputs, artifacts } = end;
    const finished = { ...this.#record.at(index), type: 'step.finished' as const, status: end.status, outputs, artifacts, ...more };
    if (end.status !== 'failed') {
      const reason = end.status === 'cancelled' ? this.#record.hold.cancelReason : undefined;
      this.#record.add({ ...finished, ...(reason === undefined ? {} : { reason }) });
      return 'again';
    }
    const now = this.#deps.clock.now();
    const tried = { attempt: step.attempt, failuresBefore: step.failures, code: end.error.code, retryable: end.retryable };
    const retry = this.#record.hold.cancelled
      ? undefined
      : decideRetry(planned.retry, { ...tried, ...(end.retryAfterMs === undefined ? {} : { retryAfterMs: end.retryAfterMs }) }, { now, random: this.#deps.random() });
    if (retry === undefined) {
      this.#record.add({ ...finished, error: end.error });
      return 'again';
    }
    const reason: Reason = { rule: 'retry', message: `try ${retry.attempt} follows ${end.error.code}`, dueAt: retry.dueAt };
    this.#record.add({ ...finished, error: end.error, reason, retry }, now);
    if (retry.dueAt <= now) return 'again';
    return this.#suspendForRetry(retry.dueAt);
  }

  async #suspendForRetry(dueAt: number): Promise<Went> {
    const events = this.#record.takePending();
    const went = await suspendJob(this.#shared.states, this.#record.hold, { events, dueAt, knewOfCancel: this.#knewOfCancel });
    return went === 'lost' ? 'lost' : 'waiting';
  }

  async #finish(end: JobOutcome): Promise<void> {
    const { hold, planned } = this.#record;
    await endJob(this.#deps, this.#shared.states, hold, { events: this.#record.takePending(), planned, artifacts: [], ...end });
  }

  /** Leaves the rest to another worker. */
  async #handBack(): Promise<void> {
    if (await this.#record.store()) await this.#deps.queue.release([this.#record.hold.lease]);
  }
}

/** What the engine does itself is evaluated when it is decided on. */
function withoutSecret(planned: PlannedStep, inputs: StepInputs | undefined): StepInputs {
  if (inputs === undefined) throw new Error(`the step ${planned.id} is given secrets that would be kept with the run`);
  return inputs;
}
