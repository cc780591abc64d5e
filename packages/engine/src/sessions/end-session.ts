import type { SessionView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { advanceSession, type SessionDeps } from './advance-session.js';
import { requireSession, sessionChanges, type SessionRef } from './session-record.js';
import { toSessionView } from './session-view.js';
import { requireKept } from './sidechain.js';

export interface EndSession extends SessionRef {
  readonly by: string;
  /** What goes on in it and what waits is cancelled. Left out, a session that is busy is left as it is. */
  readonly cancel?: boolean;
}

/** Ends a session for good: it takes nothing any more. A second time changes nothing. Fails with `SESSION_NOT_FOUND` or `SESSION_BUSY`. */
export async function endSession(deps: SessionDeps, { by, cancel = false, ...ref }: EndSession): Promise<SessionView> {
  await requireKept(deps, ref);
  for (;;) {
    await advanceSession(deps, ref);
    const kept = await requireSession(deps, ref);
    if (kept.value.ended !== null) return toSessionView(kept);
    if (kept.value.active !== null && !cancel) throw new AppError('SESSION_BUSY', { id: ref.sessionId });
    await deps.records.write(sessionChanges(kept, { ...kept.value, ended: { at: deps.clock.now(), by, cancels: kept.value.active !== null } }));
  }
}
