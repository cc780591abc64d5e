import { type JsonObject, OWN_ID, type SessionView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { EngineDeps } from '../deps.js';
import { refuseReserved } from './refuse-reserved.js';
import { findSession, refuseLargeSubmission, type SessionRef, sessionChanges, type StoredSession } from './session-record.js';
import { toSessionView } from './session-view.js';

export interface CreateSession {
  /** A fresh one when left out. Those that begin with `sc-` are made for runs. */
  readonly id?: string;
  readonly title?: string;
  readonly metadata?: JsonObject;
  readonly by: string;
  readonly tenant: string;
}

const TITLE_LENGTH = 1_024;

/**
 * Opens a session. The same again under the same id changes nothing; another one fails with `SESSION_CONFLICT`. Fails with `RESERVED_KEY`, with
 * `USAGE` for an id or a title that is none, and with `INPUT_INVALID` when the metadata are too large.
 */
export async function createSession(deps: Pick<EngineDeps, 'records' | 'clock' | 'ids'>, command: CreateSession): Promise<{ readonly session: SessionView; readonly created: boolean }> {
  const { id = deps.ids.sessionId(), title = null, metadata = {}, by, tenant } = command;
  refuseReserved({ metadata });
  refuseLargeSubmission(metadata, 'the metadata');
  if (!OWN_ID.test(id)) throw new AppError('USAGE', { problem: 'the id of a session is 1 to 128 letters, digits and "._-", and begins with a letter or digit' });
  if (id.startsWith('sc-')) throw new AppError('USAGE', { problem: 'ids that begin with "sc-" are of sessions that runs make' });
  if (title !== null && (title.length === 0 || title.length > TITLE_LENGTH)) throw new AppError('USAGE', { problem: `a title has 1 to ${String(TITLE_LENGTH)} characters` });
  const ref: SessionRef = { sessionId: id, tenant };
  for (;;) {
    const known = await findSession(deps, ref);
    if (known !== undefined) {
      if (known.value.title !== title || !(await isSame(known.value.metadata, metadata))) throw new AppError('SESSION_CONFLICT', { id });
      return { session: toSessionView(known), created: false };
    }
    const value: StoredSession = { kind: 'session', title, metadata, createdAt: deps.clock.now(), createdBy: by, parent: null, next: 1, active: null, queue: [], ended: null };
    if (await deps.records.write(sessionChanges({ id, tenant, version: 0 }, value))) return { session: toSessionView({ id, tenant, version: 1, value }), created: true };
  }
}

/** Whatever order the keys stand in. */
async function isSame(a: JsonObject, b: JsonObject): Promise<boolean> {
  const { contentDigest } = await import('@kb-labs/digest');
  return contentDigest('session', a) === contentDigest('session', b);
}
