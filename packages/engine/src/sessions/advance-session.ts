import { FLOW_KEY, isTerminalRun, type RunError, type RunId, type RunPlan } from '@kb-labs/contracts';
import { fromUnknown, hasCode, toRunError } from '@kb-labs/errors';

import { decideCancel } from '../decide-cancel.js';
import type { EngineDeps } from '../deps.js';
import { isPassing } from '../passing.js';
import { planWorkflow } from '../plan-workflow.js';
import { splitKey } from '../record-kind.js';
import { RunStates } from '../run-states.js';
import { acceptRun, type StartDeps } from '../start-run.js';
import { endOfAsked, findSession, type InLine, type KeptSession, readAsked, SESSION_OPEN_KIND, sessionChanges, type SessionRef, type StoredSession, type StoredSessionRun } from './session-record.js';

export type SessionDeps = StartDeps & Pick<EngineDeps, 'records' | 'catalog' | 'logger'>;

/** How many of those that wait are cancelled in one write. */
const CANCELS = 100;

/**
 * Lets the next one in a session have its turn when the one before has ended, and makes up for what a crash left undone. Done twice, or by
 * several at once, it changes nothing. Answers which runs began by it. `planned` spares a run that was planned just now to be planned again.
 * Fails when the state is away.
 */
export async function advanceSession(deps: SessionDeps, ref: SessionRef, planned?: { readonly runId: RunId; readonly plan: RunPlan }): Promise<{ readonly started: readonly RunId[] }> {
  const started: RunId[] = [];
  for (;;) {
    const kept = await findSession(deps, ref);
    const active = kept?.value.active ?? null;
    if (kept === undefined || active === null) return { started };
    if (kept.value.ended?.cancels === true && kept.value.queue.length > 0) {
      await cancelWaiting(deps, kept);
      continue;
    }
    const run = await deps.catalog.getRun(active.runId);
    if (run === undefined ? active.made : run.finishedAt !== null) {
      await deps.records.write(sessionChanges(kept, afterActive(kept.value)));
    } else if (run === undefined) {
      const outcome = await place(deps, kept, { active, plan: planned?.runId === active.runId ? planned.plan : undefined });
      if (outcome === 'later') return { started };
      if (outcome === 'made') started.push(active.runId);
    } else {
      if (kept.value.ended?.cancels === true) await cancelOpen(deps, active.runId, kept.value.ended.by);
      if (active.made || (await deps.records.write(sessionChanges(kept, { ...kept.value, active: { ...active, made: true } })))) return { started };
    }
  }
}

/** Looks after every session that is busy. One that cannot be looked after is reported and left; the others go on. */
export async function recoverSessions(deps: SessionDeps): Promise<void> {
  for await (const { key } of SESSION_OPEN_KIND.each(deps.records)) {
    const { tenant, name: sessionId } = splitKey(key);
    try {
      await advanceSession(deps, { tenant, sessionId });
    } catch (thrown) {
      if (hasCode(thrown, 'STATE_UNAVAILABLE') || hasCode(thrown, 'STATE_BUSY')) throw thrown;
      deps.logger.error('a session cannot go on now', { session: sessionId, problem: fromUnknown(thrown).message });
    }
  }
}

function afterActive(value: StoredSession): StoredSession {
  const [next, ...queue] = value.queue;
  return { ...value, active: next === undefined ? null : { ...next, made: false }, queue };
}

/**
 * Creates the run whose turn it is, under the id it was given. What cannot be started any more ends here, and makes room. `later`: there
 * are too many runs now.
 */
async function place(deps: SessionDeps, kept: KeptSession, { active, plan }: { active: InLine; plan: RunPlan | undefined }): Promise<'made' | 'refused' | 'later'> {
  const ref: SessionRef = { tenant: kept.tenant, sessionId: kept.id };
  const asked = await readAsked(deps, ref, active.n);
  if (asked === undefined || asked.ended !== null) return skip(deps, kept);
  try {
    await create(deps, ref, { asked, plan });
  } catch (thrown) {
    if (isPassing(thrown)) throw thrown;
    if (hasCode(thrown, 'QUEUE_FULL')) return 'later';
    return refuse(deps, kept, { active, asked, status: 'failed', error: toRunError(fromUnknown(thrown)) });
  }
  // Whoever looked at the same moment may have found that it cannot be started: then the session goes on without it.
  const now = await readAsked(deps, ref, active.n);
  if (now !== undefined && now.ended !== null) await cancelOpen(deps, active.runId, asked.by);
  return 'made';
}

async function create(deps: SessionDeps, { sessionId, tenant }: SessionRef, { asked, plan }: { asked: StoredSessionRun; plan: RunPlan | undefined }): Promise<void> {
  const { runId, workflowId, inputs, metadata, mark, pins, at, by } = asked;
  await acceptRun(deps, {
    runId,
    tenant,
    plan: plan ?? (await planWorkflow(deps, { workflowId, input: inputs, ...(pins === null ? {} : { pins }) })),
    trigger: {
      type: 'manual',
      actor: by,
      payload: null,
      branch: null,
      tag: null,
      sha: null,
      session: { id: sessionId, metadata: mark === null ? metadata : { ...metadata, [FLOW_KEY]: mark }, submittedAt: at },
    },
  });
}

async function skip(deps: SessionDeps, kept: KeptSession): Promise<'refused'> {
  await deps.records.write(sessionChanges(kept, afterActive(kept.value)));
  return 'refused';
}

async function refuse(deps: SessionDeps, kept: KeptSession, { active, asked, status, error }: { active: InLine; asked: StoredSessionRun; status: 'failed' | 'cancelled'; error: RunError | null }): Promise<'refused'> {
  const ended = endOfAsked({ tenant: kept.tenant, sessionId: kept.id }, active.n, { ...asked, ended: { status, at: deps.clock.now(), error } });
  // Somebody else has created it meanwhile: then it is their run.
  if ((await deps.catalog.getRun(active.runId)) === undefined) await deps.records.write([...sessionChanges(kept, afterActive(kept.value)), ended]);
  return 'refused';
}

/** Ends those that wait, the last first, as far as one write goes. */
async function cancelWaiting(deps: SessionDeps, kept: KeptSession): Promise<void> {
  const ref: SessionRef = { tenant: kept.tenant, sessionId: kept.id };
  const { queue } = kept.value;
  const at = deps.clock.now();
  const ends = await Promise.all(
    queue.slice(-CANCELS).map(async ({ n }) => {
      const asked = await readAsked(deps, ref, n);
      return asked === undefined ? [] : [endOfAsked(ref, n, { ...asked, ended: { status: 'cancelled' as const, at, error: null } })];
    }),
  );
  await deps.records.write([...sessionChanges(kept, { ...kept.value, queue: queue.slice(0, -CANCELS) }), ...ends.flat()]);
}

/** Once: a second request would stop the steps that clean up. */
async function cancelOpen(deps: SessionDeps, runId: RunId, by: string): Promise<void> {
  await new RunStates(deps).decide(runId, (draft) => {
    if (!isTerminalRun(draft.state.status) && draft.state.cancel === undefined) decideCancel(draft, { by, note: 'its session has ended' });
  });
}
