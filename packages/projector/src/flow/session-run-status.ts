import { type RunState, type SessionRunStatus } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';

import type { ScopedPrompt } from './prompts-of.js';

/** The code of a step that its worker has left behind. */
export const INTERRUPTED_CODE = 'STEP_INTERRUPTED';

/**
 * A run as its session has it. A run that was skipped as a whole has done nothing of what it was asked for: that is no success.
 * Quarantined, or failed because a step was cut off that may not be tried again, is interrupted. One that only waits for a time, a signal or a
 * called run goes on.
 */
export function sessionRunStatus(state: Pick<RunState, 'status' | 'error'>, prompts: readonly ScopedPrompt[]): SessionRunStatus {
  const { status } = state;
  switch (status) {
    case 'queued':
      return 'queued';
    case 'running':
    case 'waiting': {
      const pending = prompts.filter((prompt) => prompt.status === 'pending');
      if (pending.some(({ kind }) => kind === 'approval')) return 'waiting_for_approval';
      return pending.length > 0 ? 'waiting_for_user_question' : 'running';
    }
    case 'success':
      return 'completed';
    case 'failed':
      return state.error?.code === INTERRUPTED_CODE ? 'interrupted' : 'failed';
    case 'quarantined':
      return 'interrupted';
    case 'cancelled':
    case 'skipped':
      return 'cancelled';
    default:
      return assertNever(status);
  }
}
