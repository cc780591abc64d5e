import type { RunState, TerminalJobStatus, TerminalRunStatus } from '@kb-labs/contracts';

import { effectiveResult } from './scope.js';

/**
 * How a run ends once every job has: failed if its time ran out, cancelled if that was asked, failed if a job failed for
 * good, skipped if nothing ran. A job with a matrix stands for its combinations.
 */
export function runOutcome(state: RunState, ended: (job: string) => TerminalJobStatus): TerminalRunStatus {
  if (state.cancel !== undefined) return state.cancel.cause === 'timeout' ? 'failed' : 'cancelled';
  const results = state.plan.jobs.map((job) => effectiveResult(ended(job.key), job.continueOnError));
  if (results.includes('failed')) return 'failed';
  if (results.includes('cancelled')) return 'cancelled';
  return results.every((result) => result === 'skipped') ? 'skipped' : 'success';
}
