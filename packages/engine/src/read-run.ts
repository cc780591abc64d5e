import { isTerminalRun, parseRunId, type Reason, type RunId, type RunState, type RunView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { foldRun, toReasonView, toRunView } from '@kb-labs/projector';

import type { EngineDeps } from './deps.js';

export type ReadDeps = Pick<EngineDeps, 'log' | 'queue'>;

/** A run as it is now. Fails with `RUN_NOT_FOUND`. */
export async function readRun(deps: ReadDeps, runId: string): Promise<RunView> {
  const state = await readRunState(deps, runId);
  return withWorkerNote(deps, state);
}

/** The folded journal of a run. Fails with `RUN_NOT_FOUND`, also for a text that is no run id. */
export async function readRunState(deps: Pick<EngineDeps, 'log'>, runId: string): Promise<RunState> {
  const id = toKnownRunId(runId);
  const events = await deps.log.read(id, 0);
  if (events.length === 0) throw new AppError('RUN_NOT_FOUND', { id: runId });
  return foldRun(id, events);
}

export function toKnownRunId(text: string): RunId {
  const id = parseRunId(text);
  if (id === undefined) throw new AppError('RUN_NOT_FOUND', { id: text });
  return id;
}

/** An open run that no live worker serves says so. */
export const NO_WORKER: Reason = { rule: 'no-worker', message: 'no worker: nobody is carrying this run on' };

export async function withWorkerNote(deps: Pick<EngineDeps, 'queue'>, state: RunState): Promise<RunView> {
  const view = toRunView(state);
  if (isTerminalRun(state.status) || state.reason !== undefined) return view;
  const served = await deps.queue.served([state.id]);
  return served.has(state.id) ? view : { ...view, reason: toReasonView(NO_WORKER) };
}
