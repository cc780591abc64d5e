import { formatDuration, isTerminalRun, type RunId } from '@kb-labs/contracts';

import { decideCancel } from './decide-cancel.js';
import type { Decider } from './decider.js';

/** The time of a run is up: it is cancelled and ends as failed. */
export async function endRunTime(states: Decider, runId: RunId): Promise<void> {
  await states.decide(runId, (draft) => {
    const { state } = draft;
    if (isTerminalRun(state.status) || state.cancel !== undefined) return;
    decideCancel(draft, { by: 'its time limit', note: `it took longer than ${formatDuration(state.plan.timeoutMs ?? 0)}`, cause: 'timeout' });
  });
}
