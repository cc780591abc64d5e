import { LIMITS, type SessionRunView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { cancelRun } from '../cancel-run.js';
import type { EngineDeps } from '../deps.js';
import { advanceSession, type SessionDeps } from './advance-session.js';
import { readSessionRun } from './read-session-run.js';
import { endOfAsked, findAsked, findSession, readAsked, sessionChanges } from './session-record.js';

export interface CancelSessionRun {
  readonly runId: string;
  readonly tenant: string;
  readonly by: string;
  readonly note?: string;
}

/**
 * Cancels a run of a session. One that waits in line ends here and never begins; any other is cancelled as every run is. A second time changes nothing
 * for one that waited. Fails with `RUN_NOT_FOUND`, with `RUN_FINISHED` for one that ended in another way, and with `QUEUE_FULL` when it is
 * just about to begin.
 */
export async function cancelSessionRun(deps: SessionDeps & Pick<EngineDeps, 'secrets'>, command: CancelSessionRun): Promise<SessionRunView> {
  const { runId, tenant, by, note } = command;
  for (;;) {
    const view = await readSessionRun(deps, { runId, tenant });
    const place = await findAsked(deps, tenant, runId);
    const asked = place === undefined ? undefined : await readAsked(deps, place, place.n);
    if (asked?.ended?.status === 'cancelled') return view;
    if (asked?.ended?.status === 'failed') throw new AppError('RUN_FINISHED', { id: runId, status: 'failed' });
    const kept = place === undefined ? undefined : await findSession(deps, place);
    if (place === undefined || asked === undefined || kept === undefined) return cancelOrdinary(deps, command);
    const { queue, active } = kept.value;
    if (queue.some(({ n }) => n === place.n)) {
      const ended = endOfAsked(place, place.n, { ...asked, ended: { status: 'cancelled', at: deps.clock.now(), error: null } });
      if (await deps.records.write([...sessionChanges(kept, { ...kept.value, queue: queue.filter(({ n }) => n !== place.n) }), ended])) return readSessionRun(deps, { runId, tenant });
      continue;
    }
    if (active?.n === place.n && !active.made) {
      // It is about to begin, perhaps by somebody else: it does, and is cancelled then.
      await advanceSession(deps, place);
      if ((await deps.catalog.getRun(asked.runId)) === undefined && (await findSession(deps, place))?.value.active?.n === place.n) throw new AppError('QUEUE_FULL', { limit: LIMITS.queuedRuns });
      if ((await readAsked(deps, place, place.n))?.ended !== null) continue;
    }
    return cancelOrdinary(deps, { runId, tenant, by, ...(note === undefined ? {} : { note }) });
  }
}

async function cancelOrdinary(deps: SessionDeps & Pick<EngineDeps, 'secrets'>, { runId, tenant, by, note }: CancelSessionRun): Promise<SessionRunView> {
  await cancelRun(deps, { runId, by, ...(note === undefined ? {} : { note }) });
  return readSessionRun(deps, { runId, tenant });
}
