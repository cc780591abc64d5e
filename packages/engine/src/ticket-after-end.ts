import { AFTER_END, type RunState } from '@kb-labs/contracts';
import type { NewTicket } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';

/** The ticket for what is left to do once a run has ended; `undefined` when there is nothing. */
export async function ticketAfterEnd(deps: Pick<EngineDeps, 'workflows'>, state: RunState, at: number): Promise<NewTicket | undefined> {
  const needed =
    state.trigger.parent?.waits === true ||
    state.trigger.session !== undefined ||
    (state.status === 'quarantined' && state.children > 0) ||
    (await deps.workflows.listeners(state.plan.workflow.id)).length > 0;
  return needed ? { runId: state.id, job: AFTER_END, attempt: 1, turn: 0, notBefore: at } : undefined;
}
