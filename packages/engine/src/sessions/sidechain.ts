import { DEFAULT_TENANT, type RunEvent, type RunId, type RunState } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { runOfSidechain, taskIdOf } from '@kb-labs/projector';

import type { EngineDeps } from '../deps.js';
import { askedChanges, findSession, type KeptSession, sessionChanges, type SessionRef, type StoredSession, type StoredSessionRun } from './session-record.js';

/**
 * Keeps what lists find the session of a called run by. Kept before, it is left as it is. `parentSession` is the session of the
 * run that called.
 */
export async function keepSidechain({ records }: Pick<EngineDeps, 'records'>, called: Pick<RunState, 'id' | 'tenant' | 'trigger' | 'createdAt' | 'plan'>, parentSession: string): Promise<void> {
  const { id: runId, tenant, createdAt, plan } = called;
  const { session, parent, actor } = called.trigger;
  if (session?.spawnedBy === undefined || parent?.job === undefined) return;
  const value: StoredSession = {
    kind: 'sidechain',
    title: null,
    metadata: session.metadata,
    createdAt,
    createdBy: actor,
    parent: { sessionId: parentSession, runId: parent.runId, taskId: taskIdOf(parent.runId, parent.job) },
    next: 2,
    active: { n: 1, runId, made: true },
    queue: [],
    ended: null,
  };
  // The run is there: what it was given is read from its journal.
  const asked: StoredSessionRun = { runId, workflowId: plan.workflow.id, inputs: {}, metadata: {}, mark: null, pins: null, digest: '', at: createdAt, by: actor, ended: null };
  const ref: SessionRef = { sessionId: session.id, tenant };
  await records.write([...sessionChanges({ id: session.id, tenant, version: 0 }, value), ...askedChanges(ref, 1, asked)]);
}

/** A session. One that a run has made and that was not kept yet is kept now. Fails with `SESSION_NOT_FOUND`. */
export async function requireKept(deps: Pick<EngineDeps, 'records' | 'log'>, ref: SessionRef): Promise<KeptSession> {
  const found = (await findSession(deps, ref)) ?? (await keepMissing(deps, ref));
  if (found === undefined) throw new AppError('SESSION_NOT_FOUND', { id: ref.sessionId });
  return found;
}

async function keepMissing(deps: Pick<EngineDeps, 'records' | 'log'>, ref: SessionRef): Promise<KeptSession | undefined> {
  const runId = runOfSidechain(ref.sessionId);
  const started = runId === undefined ? undefined : await readStart(deps, runId as RunId);
  if (runId === undefined || started === undefined) return undefined;
  const { trigger, plan, tenant = DEFAULT_TENANT, at } = started;
  if (tenant !== ref.tenant || trigger.session?.id !== ref.sessionId || trigger.session.spawnedBy === undefined) return undefined;
  const caller = await readStart(deps, trigger.session.spawnedBy as RunId);
  if (caller?.trigger.session === undefined) return undefined;
  await keepSidechain(deps, { id: runId as RunId, tenant, trigger, plan, createdAt: at }, caller.trigger.session.id);
  return findSession(deps, ref);
}

async function readStart({ log }: Pick<EngineDeps, 'log'>, runId: RunId): Promise<(RunEvent & { type: 'run.started' }) | undefined> {
  const [first] = await log.read(runId, 0, 1);
  return first?.type === 'run.started' ? first : undefined;
}
