import { isTerminalJob, waitEndsAt, type ArtifactHandle, type Reason, type RunEvent, type StepAnswer, type StepWait } from '@kb-labs/contracts';

import { corrupt } from './corrupt.js';
import { assign, clear, openStep, type JobDraft, type RunDraft, type StepDraft } from './drafts.js';
import { openJobOf } from './open-job-of.js';
import { setJobStatus, settleRunStatus } from './run-status.js';

type Of<Type extends RunEvent['type']> = RunEvent & { type: Type };

export function startStep(run: RunDraft, event: Of<'step.started'>): void {
  const { job, step } = openStepOf(run, event);
  if (job.status !== 'running') throw corrupt(run.id, `step ${step.id} started while job ${job.key} is ${job.status}`);
  if (step.status === 'running' || step.attempt !== event.stepAttempt) throw corrupt(run.id, `step ${step.id} started twice`);
  step.status = 'running';
  step.isolation = event.isolation;
  if (event.image === undefined) clear(step, 'image');
  else step.image = event.image;
  step.startedAt ??= event.at;
  clear(step, 'dueAt');
  clear(step, 'reason');
  if (event.child === undefined) return;
  step.child = event.child;
  run.children += 1;
}

/** The job waits with its step, or goes on waiting: its next hand-out is another turn. */
export function startWaiting(run: RunDraft, event: Of<'step.waiting'>): void {
  const { job, step } = triedStepOf(run, event);
  const goesOn = step.wait !== undefined && step.answer === undefined;
  if (job.status !== 'running' || (step.status !== 'running' && !goesOn)) throw corrupt(run.id, `step ${step.id} waits without having started`);
  const reason = reasonOf(event.wait);
  step.status = event.wait.kind === 'approval' ? 'waiting_approval' : 'waiting';
  step.wait = event.wait;
  step.reason = reason;
  suspend(run, job, { dueAt: waitEndsAt(event.wait), reason });
}

export function answerStep(run: RunDraft, event: Of<'step.answered'>): void {
  const { job, step } = triedStepOf(run, event);
  if (step.wait === undefined || !answers(event.answer, step.wait, run) || step.answer !== undefined || job.status === 'running') {
    throw corrupt(run.id, `an answer to step ${step.id}, which does not wait for it`);
  }
  step.answer = event.answer;
  step.status = 'queued';
  clear(step, 'reason');
  if (event.answer.kind === 'callback') run.callbacks.shift();
  clear(job, 'reason');
  clear(job, 'dueAt');
  setJobStatus(run, job, 'queued');
  settleRunStatus(run);
}

function answers(answer: StepAnswer, wait: StepWait, run: RunDraft): boolean {
  if (answer.kind === 'child') return wait.kind === 'child' && wait.runId === answer.runId;
  return answer.kind === wait.kind && (answer.kind !== 'callback' || run.callbacks.length > 0);
}

export function finishStep(run: RunDraft, event: Of<'step.finished'>): void {
  const { job, step } = triedStepOf(run, event);
  assign(step, 'error', event.error);
  assign(step, 'reason', event.reason);
  assign(step, 'kept', event.kept);
  step.outputs = event.outputs;
  step.artifacts = keepArtifacts(step.artifacts, event.artifacts);
  clear(step, 'wait');
  clear(step, 'answer');
  if (event.childRefused === true) clear(step, 'child');
  clear(step, 'unwanted');
  if (event.restart !== undefined) restart(run, job, { gate: step, from: event.restart.from });
  else if (event.retry !== undefined) retryStep(run, job, step, event);
  else {
    if (event.status === 'interrupted') throw corrupt(run.id, `step ${step.id} was interrupted and left there`);
    step.status = event.status;
    step.finishedAt = event.at;
    countEndedSteps(job);
  }
}

/** Counts on from what was counted before. */
export function countEndedSteps(job: JobDraft): void {
  for (let step = job.steps[job.endedSteps]; step !== undefined && isTerminalJob(step.status); step = job.steps[job.endedSteps]) job.endedSteps += 1;
}

function retryStep(run: RunDraft, job: JobDraft, step: StepDraft, event: Of<'step.finished'>): void {
  const { retry } = event;
  if (retry === undefined) return;
  const later = retry.dueAt > event.at;
  step.status = later ? 'waiting' : 'queued';
  step.attempt = retry.attempt;
  step.dueAt = retry.dueAt;
  clear(step, 'child');
  if (event.status === 'interrupted') step.interruptions += event.workerLived === true ? 0 : 1;
  else {
    step.interruptions = 0;
    step.failures += 1;
  }
  if (later) suspend(run, job, { dueAt: retry.dueAt, reason: event.reason });
}

function suspend(run: RunDraft, job: JobDraft, wait: { dueAt: number | undefined; reason: Reason | undefined }): void {
  job.turn += 1;
  assign(job, 'dueAt', wait.dueAt);
  assign(job, 'reason', wait.reason);
  setJobStatus(run, job, 'waiting');
  settleRunStatus(run);
}

/** What a job waits for is not wanted any more. */
export function stopWaiting(job: JobDraft): void {
  job.cancelled = true;
  for (const step of job.steps) if (step.wait !== undefined && step.answer === undefined) step.unwanted = true;
}

/** The steps from one to the gate begin anew; what they stored stays until it is stored again. */
function restart(run: RunDraft, job: JobDraft, { gate, from }: { gate: StepDraft; from: string }): void {
  const first = job.steps.findIndex((step) => step.id === from);
  const last = job.steps.indexOf(gate);
  if (first === -1 || first >= last) throw corrupt(run.id, `the gate ${gate.id} going back to ${from}`);
  for (let index = first; index <= last; index += 1) {
    const old = job.steps[index];
    if (old === undefined) continue;
    const fresh: StepDraft = { ...openStep(old.id), iteration: old.iteration + 1, artifacts: old.artifacts };
    if (old === gate) fresh.previous = old.outputs;
    else if (old.previous !== undefined) fresh.previous = old.previous;
    job.steps[index] = fresh;
  }
  job.endedSteps = Math.min(job.endedSteps, first);
}

/** What an earlier try stored stays, unless a later one stored the same name. */
function keepArtifacts(earlier: readonly ArtifactHandle[], later: readonly ArtifactHandle[]): readonly ArtifactHandle[] {
  if (earlier.length === 0) return later;
  const names = new Set(later.map((artifact) => artifact.name));
  return [...earlier.filter((artifact) => !names.has(artifact.name)), ...later];
}

function reasonOf(wait: StepWait): Reason {
  const dueAt = waitEndsAt(wait);
  const due = dueAt === undefined ? {} : { dueAt };
  switch (wait.kind) {
    case 'timer':
      return { rule: 'timer', message: 'it sleeps', ...due };
    case 'approval': {
      const who = wait.approvers === undefined ? '' : ` by ${wait.approvers.join(' or ')}`;
      return { rule: 'approval', message: `it waits for approval${who}: ${wait.title}`, ...due };
    }
    case 'signal':
      return { rule: 'signal', message: `it waits for the signal ${wait.name}`, ...due };
    case 'callback':
      return { rule: 'signal', message: 'it waits to be called back', ...due };
    case 'child':
      return { rule: 'child', message: `it waits for ${wait.runId}`, values: { run: wait.runId }, ...due };
  }
}

function triedStepOf(run: RunDraft, at: { job: string; attempt: number; step: string; stepAttempt: number }): { job: JobDraft; step: StepDraft } {
  const found = openStepOf(run, at);
  if (found.step.attempt !== at.stepAttempt) {
    throw corrupt(run.id, `an event of try ${at.stepAttempt} of step ${at.step}, expected ${found.step.attempt}`);
  }
  return found;
}

function openStepOf(run: RunDraft, at: { job: string; attempt: number; step: string }): { job: JobDraft; step: StepDraft } {
  const job = openJobOf(run, at.job, at.attempt);
  const next = job.steps[job.endedSteps];
  const step = next?.id === at.step ? next : job.steps.find((candidate) => candidate.id === at.step);
  if (step === undefined) throw corrupt(run.id, `an event of the unknown step ${at.step}`);
  if (isTerminalJob(step.status)) throw corrupt(run.id, `an event of step ${at.step} after its end`);
  return { job, step };
}
