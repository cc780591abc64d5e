import { isTerminalRun, LIMITS, type JsonValue, type RunView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { answerStep, canBeAnswered } from './answer-step.js';
import type { EngineDeps } from './deps.js';
import { withoutSecrets } from './read-secrets.js';
import { refuseLarge } from './send-signal.js';
import { refuseReserved } from './sessions/refuse-reserved.js';
import type { DecideDeps } from './decider.js';
import { RunStates } from './run-states.js';

export interface CallBack {
  /** The last part of a callback address. */
  readonly token: string;
  readonly payload: JsonValue;
  readonly by: string;
}

/**
 * Calls a run back. The first of its steps that waits to be called back goes on; while none does, the payload is kept for
 * the next that will. Fails with `CALLBACK_UNKNOWN`, also for a run that has ended, and with `QUEUE_FULL` when too many are kept.
 */
export async function callBack(deps: DecideDeps & Pick<EngineDeps, 'callbacks' | 'secrets'>, command: CallBack): Promise<Pick<RunView, 'id'>> {
  const runId = deps.callbacks.runOf(command.token);
  if (runId === undefined) throw new AppError('CALLBACK_UNKNOWN');
  const { by } = command;
  refuseReserved({ payload: command.payload });
  refuseLarge(command.payload);
  const states = new RunStates(deps);
  const payload = await withoutSecrets(deps, states, runId, command.payload);
  const decided = await states.decide(runId, (draft) => {
    if (isTerminalRun(draft.state.status)) throw new AppError('CALLBACK_UNKNOWN');
    if (draft.state.callbacks.length >= LIMITS.heldCallbacks) throw new AppError('QUEUE_FULL', { limit: LIMITS.heldCallbacks });
    draft.add({ type: 'run.called_back', payload, by });
    for (const job of draft.state.jobs.values()) {
      const step = job.steps.find((one) => one.wait?.kind === 'callback' && canBeAnswered(job, one, draft.at));
      const first = draft.state.callbacks[0];
      if (step === undefined || first === undefined) continue;
      answerStep(draft, job, step, { kind: 'callback', ...first });
      return;
    }
  });
  if (!decided.ok) throw new AppError('CALLBACK_UNKNOWN');
  return { id: runId };
}
