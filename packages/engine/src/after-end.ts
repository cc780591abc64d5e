import { isTerminalRun, LIMITS, type RunId, type RunState } from '@kb-labs/contracts';
import { fromUnknown } from '@kb-labs/errors';
import type { Lease } from '@kb-labs/ports';

import { answerChild } from './answer-child.js';
import { cancelChildren } from './cancel-children.js';
import type { EngineDeps } from './deps.js';
import { checkOnce } from './find-workflow.js';
import type { Decider } from './decider.js';
import { isPassing } from './passing.js';
import { advanceSession } from './sessions/advance-session.js';
import { startRun } from './start-run.js';

/**
 * What follows from the end of a run for others: the step that called it is answered, what waits in its session has its turn, and workflows
 * that wait for it are started. Done again after a crash: the answer is given once, and each start has a key.
 */
export async function afterEnd(deps: EngineDeps, states: Decider, lease: Lease, onRunStarted: (runId: RunId) => void): Promise<void> {
  const state = await states.read(lease.runId, (current) => current);
  if (isTerminalRun(state.status)) {
    if (state.trigger.parent?.waits === true) await answerChild(states, state);
    if (state.status === 'quarantined') await cancelChildren(states, state);
    await letNextBegin(deps, state, onRunStarted);
    await startListeners(deps, state, onRunStarted);
  }
  await deps.queue.discard([lease]);
}

/** What waits in its session has its turn. */
async function letNextBegin(deps: EngineDeps, { id, tenant, trigger }: RunState, onRunStarted: (runId: RunId) => void): Promise<void> {
  if (trigger.session === undefined) return;
  try {
    const { started } = await advanceSession(deps, { sessionId: trigger.session.id, tenant });
    for (const runId of started) onRunStarted(runId);
  } catch (thrown) {
    if (isPassing(thrown)) throw thrown;
    deps.logger.error('a session cannot go on now', { session: trigger.session.id, after: id, problem: fromUnknown(thrown).message });
  }
}

async function startListeners(deps: EngineDeps, state: RunState, onRunStarted: (runId: RunId) => void): Promise<void> {
  const { id } = state.plan.workflow;
  for (const source of await deps.workflows.listeners(id)) {
    try {
      const listener = await listenerIn(deps, source, state);
      if (listener !== undefined) onRunStarted(await startListener(deps, listener, state));
    } catch (thrown) {
      if (isPassing(thrown)) throw thrown;
      const problem = fromUnknown(thrown);
      deps.logger.error('a workflow could not be started by the end of another', { file: source.file, after: state.id, code: problem.code, problem: problem.message });
    }
  }
}

/** The id of the workflow in this document when this end starts it. */
async function listenerIn(deps: EngineDeps, source: { readonly file: string; readonly text: string }, state: RunState): Promise<string | undefined> {
  const { checked } = await checkOnce(deps, source);
  const { listens } = checked ?? {};
  if (checked === undefined || listens === undefined || !isTerminalRun(state.status)) return undefined;
  return listens.ids.includes(state.plan.workflow.id) && listens.on.includes(state.status) ? checked.id : undefined;
}

async function startListener(deps: EngineDeps, workflowId: string, state: RunState): Promise<RunId> {
  const depth = (state.trigger.parent?.depth ?? 0) + 1;
  if (depth > LIMITS.childDepth) throw new Error(`${workflowId} would be run ${String(depth)} of a row that starts itself`);
  const { actor, branch, tag, sha } = state.trigger;
  const { status } = state;
  const { id } = state.plan.workflow;
  const { run } = await startRun(deps, {
    workflowId,
    input: {},
    unattended: true,
    idempotencyKey: `after:${state.id}:${workflowId}`,
    tenant: state.tenant,
    trigger: {
      type: 'workflow',
      actor,
      branch,
      tag,
      sha,
      payload: { runId: state.id, workflowId: id, status, outputs: state.outputs },
      parent: { runId: state.id, workflowId: id, depth, ...(isTerminalRun(status) ? { status } : {}) },
    },
  });
  return run.id as RunId;
}
