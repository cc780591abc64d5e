import { isTerminalRun, type RunView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { decideCancel } from './decide-cancel.js';
import type { EngineDeps } from './deps.js';
import { toKnownRunId, withWorkerNote } from './read-run.js';
import { withoutSecrets } from './read-secrets.js';
import type { DecideDeps } from './decider.js';
import { RunStates } from './run-states.js';

export interface CancelRun {
  readonly runId: string;
  /** Who asks, for people. */
  readonly by: string;
  readonly note?: string;
}

/**
 * Cancels a run: what has not started never will, unless its condition asks for it (`always()`, `cancelled()`); what runs
 * is stopped by its worker, what waits waits no longer, and the run ends as cancelled. Runs it called and waits for are
 * cancelled with it. Asked again, it also stops the steps that clean up.
 * Fails with `RUN_NOT_FOUND`, and with `RUN_FINISHED` when the run had ended in another way.
 */
export async function cancelRun(deps: DecideDeps & Pick<EngineDeps, 'queue' | 'secrets'>, asked: CancelRun): Promise<RunView> {
  const states = new RunStates(deps);
  const runId = toKnownRunId(asked.runId);
  const command = asked.note === undefined ? asked : { ...asked, note: await withoutSecrets(deps, states, runId, asked.note) };
  const decided = await states.decide(runId, (draft) => decideCancel(draft, command));
  if (!decided.ok && decided.refused === 'absent') throw new AppError('RUN_NOT_FOUND', { id: runId });
  const state = decided.ok ? decided.state : await states.read(runId, (current) => current);
  if (isTerminalRun(state.status) && state.status !== 'cancelled') {
    throw new AppError('RUN_FINISHED', { id: runId, status: state.status });
  }
  return withWorkerNote(deps, state);
}
