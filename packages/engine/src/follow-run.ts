import { isTerminalRun, type RunState, type RunView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { foldRun } from '@kb-labs/projector';

import { changes } from './changes.js';
import type { EngineDeps } from './deps.js';
import { pause } from './pause.js';
import { toKnownRunId, withWorkerNote } from './read-run.js';

/** A view of so many jobs takes long enough to be worth waiting for more changes. */
const MANY_JOBS = 200;
const PAUSE_MS = 200;

/** The view of a run now and after every change, to its end or until `signal` is aborted. Changes that come together are one. */
export async function* followRun(deps: Pick<EngineDeps, 'log' | 'queue' | 'claims' | 'clock'>, runId: string, signal: AbortSignal): AsyncGenerator<RunView> {
  const id = toKnownRunId(runId);
  const changed = changes((onChange) => deps.log.watch(id, onChange), signal);
  let state: RunState | undefined;
  try {
    do {
      const events = await deps.log.read(id, state?.seq ?? 0);
      if (state === undefined && events.length === 0) throw new AppError('RUN_NOT_FOUND', { id: runId });
      if (events.length === 0 && state !== undefined) continue;
      state = foldRun(id, events, state);
      yield await withWorkerNote(deps, state);
      if (isTerminalRun(state.status)) return;
      if (state.jobs.size > MANY_JOBS) await pause(deps.clock, PAUSE_MS, signal);
    } while (await changed.next());
  } finally {
    changed.close();
  }
}
