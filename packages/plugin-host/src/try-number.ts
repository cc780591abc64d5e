import type { StepCall } from '@kb-labs/ports';

/**
 * Which try this is, from 1, as the step itself is told: it grows with each retry of the step and with each retry of
 * its job, and is the number of the one as long as there are none of the other.
 */
export function tryNumber(call: Pick<StepCall, 'attempt' | 'stepAttempt'>): number {
  return call.attempt + call.stepAttempt - 1;
}
