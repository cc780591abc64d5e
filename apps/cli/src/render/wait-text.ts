import { formatDuration, type JobView, type ReasonView, type StepView, type WaitView } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';
import { quoteWord } from './quote-word.js';

export interface WaitPlace {
  readonly runId: string;
  readonly job: string;
  readonly step: string;
  readonly now: number;
  /** The address that calls the run back; left out where nobody is to see it. */
  readonly callbackUrl?: (() => string) | undefined;
}

export interface WaitText {
  /** What is waited for, in a few words. */
  readonly what: string;
  /** How to answer it from outside: a command line or an address. */
  readonly how?: string;
}

/** What a step waits for, and how that can be answered. */
export function waitText(wait: WaitView, place: WaitPlace): WaitText {
  switch (wait.kind) {
    case 'approval': {
      const who = wait.approvers === null ? '' : `, by ${wait.approvers.map(sanitizeText).join(' or ')}`;
      return {
        what: `${sanitizeText(wait.title)}${who}${expiry(wait.expiresAt, place.now)}`,
        how: `kb workflow:approve --run-id=${place.runId} --step-id=${place.job}/${place.step}`,
      };
    }
    case 'signal':
      return { what: `for the signal ${sanitizeText(wait.name)}${expiry(wait.expiresAt, place.now)}`, how: `kb workflow:signal ${quoteWord(wait.name)} --run-id=${place.runId}` };
    case 'callback':
      return { what: `to be called back${expiry(wait.expiresAt, place.now)}`, ...(place.callbackUrl === undefined ? {} : { how: place.callbackUrl() }) };
    case 'child':
      return { what: `for ${wait.runId}${expiry(wait.expiresAt, place.now)}` };
    case 'timer':
      return { what: formatLeft(wait.dueAt, place.now) };
  }
}

/** When a wait for another try is over, after why there is one. */
export function dueText(reason: ReasonView, now: number): string {
  return reason.dueAt === undefined ? '' : `, ${formatLeft(reason.dueAt, now)}`;
}

/** The steps of a run that wait for something from outside, in its order. */
export function* waitingSteps(jobs: readonly JobView[]): Generator<{ readonly job: JobView; readonly step: StepView; readonly wait: WaitView }> {
  for (const job of jobs) {
    if (job.status !== 'waiting') continue;
    for (const step of job.steps) if (step.waitsFor !== undefined) yield { job, step, wait: step.waitsFor };
  }
}

function expiry(expiresAt: string | null, now: number): string {
  return expiresAt === null ? '' : `, ${formatLeft(expiresAt, now)}`;
}

/** In whole seconds, so that a screen need not change more often. */
export function formatLeft(until: string, now: number): string {
  const left = Math.max(0, Math.ceil((Date.parse(until) - now) / 1_000) * 1_000);
  return `${formatDuration(left)} left`;
}
