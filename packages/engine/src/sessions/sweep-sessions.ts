import { LIMITS, type RunId } from '@kb-labs/contracts';
import { runOfSidechain } from '@kb-labs/projector';
import type { RecordChange } from '@kb-labs/ports';

import type { EngineDeps } from '../deps.js';
import { isToCome } from './read-session-run.js';
import { findSession, readAsked, RUN_SESSION_KIND, runSessionKey, SESSION_KIND, SESSION_RUN_KIND, sessionKey, type SessionRef, sessionRunKey } from './session-record.js';

const PAGE = 100;

/**
 * Removes what is kept of runs that were removed, and of those that ended without one a month ago; the sessions of called runs go with the last of theirs.
 * What belongs to a flow stays, so that its run is never made twice. Answers how many.
 */
export async function sweepSessions(deps: Pick<EngineDeps, 'records' | 'catalog' | 'clock'>): Promise<number> {
  let removed = 0;
  for (let after: string | undefined; ; ) {
    const page = await deps.records.list(RUN_SESSION_KIND, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { key, value } of page) {
      const slash = key.lastIndexOf('/');
      const { session, n } = value as { session: string; n: number };
      if (await isOver(deps, { tenant: key.slice(0, slash), sessionId: session, n, runId: key.slice(slash + 1) as RunId })) removed += 1;
    }
    if (page.length < PAGE) return removed;
    after = page.at(-1)?.key;
  }
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
    { kind: RUN_SESSION_KIND, key: runSessionKey(tenant, runId), remove: true },
    { kind: SESSION_RUN_KIND, key: sessionRunKey(place, n), remove: true },
  ];
  return deps.records.write([...changes, ...(await withSidechain(deps, place))]);
}

/** The session of a called run, when this is the last that is kept of it. */
async function withSidechain(deps: Pick<EngineDeps, 'records'>, ref: SessionRef): Promise<RecordChange[]> {
  if (runOfSidechain(ref.sessionId) === undefined) return [];
  const kept = await findSession(deps, ref);
  if (kept === undefined || kept.value.active !== null) return [];
  const asked = await deps.records.list(SESSION_RUN_KIND, { prefix: `${sessionKey(ref)}/`, limit: 2 });
  return asked.length > 1 ? [] : [{ kind: SESSION_KIND, key: sessionKey(ref), remove: true, expected: kept.version }];
}
