import { LIMITS, type Reason } from '@kb-labs/contracts';
import { AppError, toRunError } from '@kb-labs/errors';
import type { Lease } from '@kb-labs/ports';

import { cancelChildren } from './cancel-children.js';
import type { Decider } from './decider.js';
import { closeRun } from './end-run.js';
import type { RunDraft } from './run-draft.js';

/** Ends a run that keeps ending its worker, and what it called. */
export async function quarantine(states: Decider, { id, token, runId }: Lease): Promise<void> {
  const decided = await states.decide(runId, closeAsQuarantined, { ticket: id, token });
  if (decided.ok) await cancelChildren(states, decided.state);
}

/** What it called is cancelled after its end at the latest. */
export function closeAsQuarantined(draft: RunDraft): void {
  const error = toRunError(new AppError('RUN_QUARANTINED', { times: LIMITS.interruptionsBeforeQuarantine }));
  const reason: Reason = { rule: 'quarantine', message: error.message };
  closeRun(draft, { status: 'quarantined', reason, error });
}
