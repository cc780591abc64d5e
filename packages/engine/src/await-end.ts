import { isTerminalRun, type RunId, type RunView } from '@kb-labs/contracts';

import { changes } from './changes.js';
import type { EngineDeps } from './deps.js';
import { readRun, toKnownRunId } from './read-run.js';

export interface AwaitEnd {
  readonly runId: string;
  readonly waitMs: number;
  /** Aborted when nobody waits any longer. */
  readonly signal: AbortSignal;
}

/** A run once it has ended, or as it is when the time is over or `signal` is aborted. Fails with `RUN_NOT_FOUND`. */
export async function awaitEnd(deps: Pick<EngineDeps, 'log' | 'catalog' | 'queue' | 'claims' | 'clock'>, { runId, waitMs, signal }: AwaitEnd): Promise<RunView> {
  const id = toKnownRunId(runId);
  const over = new AbortController();
  const end = (): void => {
    over.abort();
  };
  const disarm = deps.clock.after(waitMs, end);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  let hasEnded = false;
  const ends = changes(
    (onChange) =>
      deps.log.watch(id, (change) => {
        hasEnded ||= change?.ended === true;
        if (change?.ended !== false) onChange();
      }),
    over.signal,
  );
  try {
    // It may have ended before it was watched, and not every change says whether it has.
    while (!hasEnded && (await isOpen(deps, id))) if (!(await ends.next())) break;
  } finally {
    ends.close();
    disarm();
    signal.removeEventListener('abort', end);
  }
  return readRun(deps, id);
}

async function isOpen({ catalog }: Pick<EngineDeps, 'catalog'>, id: RunId): Promise<boolean> {
  const run = await catalog.getRun(id);
  return run !== undefined && !isTerminalRun(run.status);
}
