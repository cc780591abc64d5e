import { waitEndsAt, type JobState, type StepAnswer, type StepState } from '@kb-labs/contracts';

import type { RunDraft } from './run-draft.js';
import { ticketIdOf, ticketOf } from './ticket-of.js';

/**
 * Whether a step still waits for an answer from outside. A wait that is over by its time is over, also while nobody was
 * there to see it; one that is cancelled is not answered any more.
 */
export function canBeAnswered(job: JobState, step: StepState, now: number): boolean {
  const { wait, answer, unwanted } = step;
  if (wait === undefined || answer !== undefined || unwanted === true || job.status !== 'waiting') return false;
  return (waitEndsAt(wait) ?? Number.POSITIVE_INFINITY) > now;
}

/** Adds the answer to a waiting step and hands its job out. */
export function answerStep(draft: RunDraft, job: JobState, step: StepState, answer: StepAnswer): void {
  const { key, attempt } = job;
  draft.settle.push(ticketIdOf(draft.state, job));
  draft.add({ type: 'step.answered', job: key, attempt, step: step.id, stepAttempt: step.attempt, answer });
  draft.enqueue.push(ticketOf(draft.state, job, draft.at));
}
