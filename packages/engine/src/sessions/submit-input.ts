import { type FlowMark, type FlowPins, LIMITS, type RunId, type SessionRunView, type SubmitInputRequest } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { RecordChange } from '@kb-labs/ports';

import type { EngineDeps } from '../deps.js';
import { planWorkflow } from '../plan-workflow.js';
import { checkedKey } from '../start-run.js';
import { advanceSession, type SessionDeps } from './advance-session.js';
import { readSessionRun } from './read-session-run.js';
import { refuseReserved } from './refuse-reserved.js';
import { askedChanges, findAsked, type InLine, readAsked, refuseLargeSubmission, SESSION_KEY_KIND, sessionChanges, sessionKey, type SessionRef, type StoredSession, type StoredSessionRun } from './session-record.js';
import { requireKept } from './sidechain.js';

export interface SubmitInput extends SessionRef {
  /** The same key in the same session with the same request is the same run, for at least a day. */
  readonly request: SubmitInputRequest;
  readonly by: string;
  /** The flow whose run it is. */
  readonly mark?: FlowMark;
  /** The id it will have: the same one is the same run for ever. */
  readonly runId?: RunId;
  /** What it may run. */
  readonly pins?: FlowPins;
}

export interface SubmittedInput {
  readonly run: SessionRunView;
  /** The key or the id was known: this is the run it made then. */
  readonly repeated: boolean;
}

/**
 * Asks a session for a run: it begins when all before it have ended. When this resolves, it is kept, and its turn comes whoever dies.
 * Fails as `planWorkflow` does, with `RESERVED_KEY`, `SESSION_NOT_FOUND`, `SESSION_ENDED`, `SESSION_FULL` or `IDEMPOTENCY_CONFLICT`.
 */
export async function submitInput(deps: SessionDeps, command: SubmitInput): Promise<SubmittedInput> {
  const { sessionId, tenant, request, by, mark = null, pins = null } = command;
  const { workflow_id: workflowId, inputs = {}, metadata = {} } = request;
  refuseReserved({ inputs, metadata });
  refuseLargeSubmission({ inputs, metadata }, 'what is asked for');
  const ref: SessionRef = { sessionId, tenant };
  const { contentDigest } = await import('@kb-labs/digest');
  const key = checkedKey(request.idempotency_key);
  const keyDigest = key === undefined ? undefined : contentDigest('session-key', key);
  const again: Again = { ref, runId: command.runId, key, keyDigest, digest: contentDigest('submit-input', { workflowId, inputs, metadata, mark }) };
  const known = await findKnown(deps, again);
  if (known !== undefined) return answer(deps, ref, { runId: known, repeated: true });
  await requireKept(deps, ref);
  const plan = await planWorkflow(deps, { workflowId, input: inputs, ...(pins === null ? {} : { pins }) });
  const asked: StoredSessionRun = { runId: command.runId ?? deps.ids.runId(), workflowId, inputs, metadata, mark, pins, digest: again.digest, at: deps.clock.now(), by, ended: null };
  const before = await enqueue(deps, again, asked);
  if (before !== undefined) return answer(deps, ref, { runId: before, repeated: true });
  await advanceSession(deps, ref, { runId: asked.runId, plan });
  return { run: await readSessionRun(deps, { runId: asked.runId, tenant }), repeated: false };
}

interface Again {
  readonly ref: SessionRef;
  readonly runId: RunId | undefined;
  readonly key: string | undefined;
  readonly keyDigest: string | undefined;
  readonly digest: string;
}

async function answer(deps: SessionDeps, ref: SessionRef, { runId, repeated }: { runId: RunId; repeated: boolean }): Promise<SubmittedInput> {
  await advanceSession(deps, ref);
  return { run: await readSessionRun(deps, { runId, tenant: ref.tenant }), repeated };
}

/** The run that the same request made before. Fails with `IDEMPOTENCY_CONFLICT` when it was another one. */
async function findKnown(deps: Pick<EngineDeps, 'records'>, { ref, runId, key, keyDigest, digest }: Again): Promise<RunId | undefined> {
  const conflict = (name: string): AppError => new AppError('IDEMPOTENCY_CONFLICT', { key: name });
  if (runId !== undefined) {
    const place = await findAsked(deps, ref.tenant, runId);
    if (place !== undefined) {
      const asked = await readAsked(deps, place, place.n);
      if (place.sessionId !== ref.sessionId || asked?.digest !== digest) throw conflict(runId);
      return runId;
    }
  }
  if (key === undefined || keyDigest === undefined) return undefined;
  const found = await SESSION_KEY_KIND.get(deps.records, keyOf(ref, keyDigest));
  if (found === undefined) return undefined;
  if (found.value.digest !== digest || (runId !== undefined && runId !== found.value.runId)) throw conflict(key);
  return found.value.runId;
}

function keyOf(ref: SessionRef, keyDigest: string): string {
  return `${sessionKey(ref)}/${keyDigest}`;
}

/** Puts it in line, in one write. Answers the run of the same request when that came first. */
async function enqueue(deps: SessionDeps, again: Again, asked: StoredSessionRun): Promise<RunId | undefined> {
  const { ref } = again;
  for (let looked = false; ; ) {
    const kept = await requireKept(deps, ref);
    const { ended, queue, next } = kept.value;
    if (ended !== null) throw new AppError('SESSION_ENDED', { id: ref.sessionId });
    if (queue.length >= LIMITS.sessionQueue) {
      if (looked) throw new AppError('SESSION_FULL', { id: ref.sessionId, limit: LIMITS.sessionQueue });
      await advanceSession(deps, ref);
      looked = true;
      continue;
    }
    const written = await deps.records.write([...sessionChanges(kept, withLine(kept.value, { n: next, runId: asked.runId })), ...askedChanges(ref, next, asked), ...keyChange(again, asked)]);
    if (written) return undefined;
    const known = await findKnown(deps, again);
    if (known !== undefined) return known;
  }
}

function withLine(value: StoredSession, line: InLine): StoredSession {
  const next = line.n + 1;
  return value.active === null ? { ...value, next, active: { ...line, made: false } } : { ...value, next, queue: [...value.queue, line] };
}

/** The key of a flow's run is kept as long as what it stands for. */
function keyChange({ ref, keyDigest, digest }: Again, { runId, at, mark }: StoredSessionRun): RecordChange[] {
  if (keyDigest === undefined) return [];
  return [SESSION_KEY_KIND.put(keyOf(ref, keyDigest), { runId, digest }, { expected: 0, ...(mark === null ? { expiresAt: at + LIMITS.idempotencyKeepMs } : {}) })];
}
