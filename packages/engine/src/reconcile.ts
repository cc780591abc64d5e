import { isTerminalJob, isTerminalRun, type RunId, type RunState } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import type { NewTicket } from '@kb-labs/ports';
import { readyJobs } from '@kb-labs/resolver';

import { conditionEnv } from './advance-run.js';
import type { EngineDeps } from './deps.js';
import { readRunState } from './read-run.js';

const PAGE = 100;

export type ReconcileDeps = Pick<EngineDeps, 'log' | 'queue' | 'catalog' | 'clock' | 'logger'>;

/**
 * Derives from the journals what must be queued, and queues what is missing: of the given runs, or of every open one.
 * A run that cannot be read is reported and left alone; the others go on.
 */
export async function reconcile(deps: ReconcileDeps, runIds?: readonly RunId[]): Promise<{ queued: number }> {
  let queued = 0;
  for await (const runId of runIds ?? openRuns(deps)) {
    try {
      queued += await deps.queue.ensure(expectedTickets(await readRunState(deps, runId), deps.clock.now()));
    } catch (error) {
      if (hasCode(error, 'STATE_UNAVAILABLE') || hasCode(error, 'STATE_BUSY')) throw error;
      deps.logger.error('an open run cannot be read', { runId, problem: String(error) });
    }
  }
  return { queued };
}

async function* openRuns(deps: Pick<EngineDeps, 'catalog'>): AsyncGenerator<RunId> {
  for (let after: RunId | undefined; ; ) {
    const page = await deps.catalog.openRuns({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1);
  }
}

/** The tickets a run must have, held or not, given its journal. */
function expectedTickets(state: RunState, now: number): NewTicket[] {
  if (isTerminalRun(state.status)) return [];
  const fresh = new Set(readyJobs(state, { env: conditionEnv(state) }).ready);
  return [...state.jobs.values()].flatMap((job) => {
    const begun = job.startedAt !== undefined || job.attempt > 1;
    if (isTerminalJob(job.status) || (!begun && !fresh.has(job.key))) return [];
    return [{ runId: state.id, job: job.key, attempt: job.attempt, turn: job.turn, notBefore: job.status === 'waiting' ? (job.dueAt ?? now) : now }];
  });
}
