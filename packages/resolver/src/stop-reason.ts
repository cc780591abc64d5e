import type { Reason, RunState } from '@kb-labs/contracts';

/** Why what has not ended of a run is being stopped. */
export function cancelReason(state: Pick<RunState, 'cancel'>): Reason {
  const { cancel } = state;
  if (cancel?.cause === 'timeout') return { rule: 'timeout', message: 'the time of the run ran out' };
  const note = cancel?.note === undefined ? '' : `: ${cancel.note}`;
  return { rule: 'cancelled', message: `the run was cancelled by ${cancel?.by ?? 'someone'}${note}` };
}

/** Why a job is being stopped: alone, or with its run. */
export function stopReason(state: Pick<RunState, 'cancel' | 'jobs'>, job: string): Reason {
  return state.jobs.get(job)?.cancelReason ?? cancelReason(state);
}
