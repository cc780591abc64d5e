import { LIMITS, type RunId } from '@kb-labs/contracts';
import { runOfSidechain } from '@kb-labs/projector';
import type { RecordChange } from '@kb-labs/ports';

import type { EngineDeps } from '../deps.js';
import { splitKey } from '../record-kind.js';
import { isToCome } from './read-session-run.js';
import { findSession, readAsked, RUN_SESSION_KIND, runSessionKey, SESSION_KIND, SESSION_RUN_KIND, sessionKey, type SessionRef, sessionRunKey } from './session-record.js';

/**
 * Removes what is kept of runs that were removed, and of those that ended without one a month ago; the sessions of called runs go with the last of theirs.
 * What belongs to a flow stays, so that its run is never made twice. Answers how many.
 */
export async function sweepSessions(deps: Pick<EngineDeps, 'records' | 'catalog' | 'clock'>): Promise<number> {
  let removed = 0;
  for await (const { key, value } of RUN_SESSION_KIND.each(deps.records)) {
    const { tenant, name } = splitKey(key);
    if (await isOver(deps, { tenant, sessionId: value.session, n: value.n, runId: name as RunId })) removed += 1;
  }
  return removed;
}

async function isOver(deps: Pick<EngineDeps, 'records' | 'catalog' | 'clock'>, place: SessionRef & { readonly n: number; readonly runId: RunId }): Promise<boolean> {
  const { runId, tenant, n } = place;
  if ((await deps.catalog.getRun(runId)) !== undefined) return false;
  const asked = await readAsked(deps, place, n);
  if (asked !== undefined) {
    const keepMs = asked.ended === null ? LIMITS.idempotencyKeepMs : LIMITS.startKeepMs;
    if (asked.mark !== null || (asked.ended?.at ?? asked.at) > deps.clock.now() - keepMs || (asked.ended === null && (await isToCome(deps, place)))) return false;
    // It can have begun since.
    if ((await deps.catalog.getRun(runId)) !== undefined) return false;
  }
  const changes: RecordChange[] = [
    RUN_SESSION_KIND.remove(runSessionKey(tenant, runId)),
    SESSION_RUN_KIND.remove(sessionRunKey(place, n)),
  ];
  return deps.records.write([...changes, ...(await withSidechain(deps, place))]);
}

/** The session of a called run, when this is the last that is kept of it. */
async function withSidechain(deps: Pick<EngineDeps, 'records'>, ref: SessionRef): Promise<RecordChange[]> {
  if (runOfSidechain(ref.sessionId) === undefined) return [];
  const kept = await findSession(deps, ref);
  if (kept === undefined || kept.value.active !== null) return [];
  const asked = await SESSION_RUN_KIND.list(deps.records, { prefix: `${sessionKey(ref)}/`, limit: 2 });
  return asked.length > 1 ? [] : [SESSION_KIND.remove(sessionKey(ref), kept.version)];
}
