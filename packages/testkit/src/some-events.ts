import { JOURNAL_SCHEMA, type RunEventBody, type RunEventType, type Trigger, toWorkerId } from '@kb-labs/contracts';

import { aPlan } from './a-plan.js';

type EventOf<Type extends RunEventType> = Extract<RunEventBody, { type: Type }>;
type Loose<Type extends RunEventType> = Partial<Omit<EventOf<Type>, 'type'>>;

const PLACE = { job: 'main', attempt: 1 } as const;
const STEP = { ...PLACE, step: 'step-1', stepAttempt: 1 } as const;

export function aTrigger(loose: Partial<Trigger> = {}): Trigger {
  return { type: 'manual', actor: 'tester', payload: null, branch: null, tag: null, sha: null, ...loose };
}

export function aRunStarted(loose: Loose<'run.started'> = {}): EventOf<'run.started'> {
  return { type: 'run.started', schema: JOURNAL_SCHEMA, plan: aPlan(), trigger: aTrigger(), ...loose };
}

export function aCancelRequested(loose: Loose<'run.cancel_requested'> = {}): EventOf<'run.cancel_requested'> {
  return { type: 'run.cancel_requested', by: 'tester', ...loose };
}

export function aRunFinished(loose: Loose<'run.finished'> = {}): EventOf<'run.finished'> {
  return { type: 'run.finished', status: 'success', outputs: {}, ...loose };
}

export function aJobStarted(loose: Loose<'job.started'> = {}): EventOf<'job.started'> {
  return { type: 'job.started', ...PLACE, turn: 0, worker: toWorkerId('0'.repeat(26)), token: 1, ...loose };
}

export function aJobFinished(loose: Loose<'job.finished'> = {}): EventOf<'job.finished'> {
  return { type: 'job.finished', ...PLACE, status: 'success', outputs: {}, ...loose };
}

export function aStepStarted(loose: Loose<'step.started'> = {}): EventOf<'step.started'> {
  return { type: 'step.started', ...STEP, isolation: 'in-process', ...loose };
}

export function aStepFinished(loose: Loose<'step.finished'> = {}): EventOf<'step.finished'> {
  return { type: 'step.finished', ...STEP, status: 'success', outputs: {}, artifacts: [], ...loose };
}

export function aJobExpanded(loose: Loose<'job.expanded'> = {}): EventOf<'job.expanded'> {
  return { type: 'job.expanded', job: PLACE.job, combinations: [{ n: 1 }, { n: 2 }], ...loose };
}

/** The step waits for a signal named `go`, without an end. */
export function aStepWaiting(loose: Loose<'step.waiting'> = {}): EventOf<'step.waiting'> {
  return { type: 'step.waiting', ...STEP, wait: { kind: 'signal', name: 'go' }, ...loose };
}

export function aStepAnswered(loose: Loose<'step.answered'> = {}): EventOf<'step.answered'> {
  return { type: 'step.answered', ...STEP, answer: { kind: 'signal', payload: null, by: 'tester' }, ...loose };
}
