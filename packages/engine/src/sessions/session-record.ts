import { type FlowMark, type FlowPins, type JsonObject, LIMITS, OWN_ID, type RunError, type RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { RecordChange } from '@kb-labs/ports';

import type { EngineDeps } from '../deps.js';
import { RecordKind } from '../record-kind.js';

/** `<tenant>/<id>`: a session, with the line of what waits in it. */
export const SESSION_KIND = new RecordKind<StoredSession>('session');
/** `<tenant>/<session>/<number>`: what it was asked for. */
export const SESSION_RUN_KIND = new RecordKind<StoredSessionRun>('session-run');
/** `<tenant>/<session>/<digest of the caller's key>`: the number that the key was given. */
export const SESSION_KEY_KIND = new RecordKind<{ readonly runId: RunId; readonly digest: string }>('session-key');
/** `<tenant>/<run id>`: the session and number of a run, from before it is created. */
export const RUN_SESSION_KIND = new RecordKind<{ readonly session: string; readonly n: number }>('run-session');
/** `<tenant>/<id>`: sessions that are busy. */
export const SESSION_OPEN_KIND = new RecordKind<null>('session-open');

/** A session as stored. Times are ms since the epoch. */
export interface StoredSession {
  readonly kind: 'session' | 'sidechain';
  readonly title: string | null;
  readonly metadata: JsonObject;
  readonly createdAt: number;
  readonly createdBy: string;
  /** Of a sidechain: who made it. */
  readonly parent: { readonly sessionId: string; readonly runId: string; readonly taskId: string } | null;
  /** The number of what comes next. */
  readonly next: number;
  /** Whose turn it is. There is one whenever anything waits. */
  readonly active: (InLine & { /** The run was seen to be there: when it is gone now, it has ended. */ readonly made: boolean }) | null;
  readonly queue: readonly InLine[];
  readonly ended: { readonly at: number; readonly by: string; /** What was not over is cancelled. */ readonly cancels: boolean } | null;
}

export interface InLine {
  readonly n: number;
  readonly runId: RunId;
}

/** What a session was asked for. Times are ms since the epoch. */
export interface StoredSessionRun {
  readonly runId: RunId;
  readonly workflowId: string;
  readonly inputs: JsonObject;
  readonly metadata: JsonObject;
  readonly mark: FlowMark | null;
  readonly pins: FlowPins | null;
  /** Of all that a retry repeats. */
  readonly digest: string;
  readonly at: number;
  readonly by: string;
  /** It ended without a run: its turn never came, or what it asks for could not be started then. */
  readonly ended: { readonly status: 'cancelled' | 'failed'; readonly at: number; readonly error: RunError | null } | null;
}

export interface KeptSession {
  readonly id: string;
  readonly tenant: string;
  readonly version: number;
  readonly value: StoredSession;
}

export interface SessionRef {
  readonly sessionId: string;
  readonly tenant: string;
}

type RecordDeps = Pick<EngineDeps, 'records'>;

export const sessionKey = ({ tenant, sessionId }: SessionRef): string => `${tenant}/${sessionId}`;
/** In the order of the numbers. */
export const sessionRunKey = (ref: SessionRef, n: number): string => `${sessionKey(ref)}/${String(n).padStart(10, '0')}`;
export const runSessionKey = (tenant: string, runId: string): string => `${tenant}/${runId}`;

/** Fails with `SESSION_NOT_FOUND`, also for a text that is no id. */
export async function requireSession(deps: RecordDeps, ref: SessionRef): Promise<KeptSession> {
  const found = await findSession(deps, ref);
  if (found === undefined) throw new AppError('SESSION_NOT_FOUND', { id: ref.sessionId });
  return found;
}

export async function findSession({ records }: RecordDeps, ref: SessionRef): Promise<KeptSession | undefined> {
  const { sessionId: id, tenant } = ref;
  if (!OWN_ID.test(id)) return undefined;
  const found = await SESSION_KIND.get(records, sessionKey(ref));
  return found === undefined ? undefined : { id, tenant, version: found.version, value: found.value };
}

/** What is written for a session: itself, and whether it is busy. `before` is what the change was decided on. */
export function sessionChanges({ id, tenant, version }: Omit<KeptSession, 'value'>, value: StoredSession): RecordChange[] {
  const key = sessionKey({ tenant, sessionId: id });
  return [SESSION_KIND.put(key, value, { expected: version }), value.active === null ? SESSION_OPEN_KIND.remove(key) : SESSION_OPEN_KIND.put(key, null)];
}

/** `undefined`: what it was asked for was removed with its run. */
export async function readAsked({ records }: RecordDeps, ref: SessionRef, n: number): Promise<StoredSessionRun | undefined> {
  return (await SESSION_RUN_KIND.get(records, sessionRunKey(ref, n)))?.value;
}

/** The session and number of a run. */
export async function findAsked({ records }: RecordDeps, tenant: string, runId: string): Promise<(SessionRef & { readonly n: number }) | undefined> {
  const found = await RUN_SESSION_KIND.get(records, runSessionKey(tenant, runId));
  return found === undefined ? undefined : { sessionId: found.value.session, tenant, n: found.value.n };
}

/** What is written when a session is asked for something. */
export function askedChanges(ref: SessionRef, n: number, asked: StoredSessionRun): RecordChange[] {
  return [
    SESSION_RUN_KIND.put(sessionRunKey(ref, n), asked, { expected: 0 }),
    RUN_SESSION_KIND.put(runSessionKey(ref.tenant, asked.runId), { session: ref.sessionId, n }, { expected: 0 }),
  ];
}

export function endOfAsked(ref: SessionRef, n: number, asked: StoredSessionRun): RecordChange {
  return SESSION_RUN_KIND.put(sessionRunKey(ref, n), asked);
}

/** Fails with `INPUT_INVALID`. */
export function refuseLargeSubmission(value: JsonObject, what: string): void {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > LIMITS.submissionBytes) throw new AppError('INPUT_INVALID', { problem: `${what} would have ${String(bytes)} bytes, more than ${String(LIMITS.submissionBytes)}` });
}
