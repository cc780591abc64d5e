import { LIMITS, type JsonObject, type RunId, type RunState, type Trigger, type WorkflowUses } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { sidechainOf } from '@kb-labs/projector';

import { answerChild } from './answer-child.js';
import { cancelChild } from './cancel-children.js';
import type { EngineDeps } from './deps.js';
import { findDeadlock } from './find-deadlock.js';
import { withoutTenant } from './in-tenant.js';
import { planWorkflow } from './plan-workflow.js';
import { readRunState } from './read-run.js';
import type { Decider } from './decider.js';
import { keepSidechain } from './sessions/sidechain.js';
import { acceptRun } from './start-run.js';

export interface WorkflowCall {
  /** The run that calls. */
  readonly caller: Pick<RunState, 'id' | 'plan' | 'root' | 'tenant' | 'trigger' | 'children'>;
  readonly job: string;
  readonly step: string;
  readonly uses: WorkflowUses;
  readonly input: JsonObject;
  /** The id of the called run: the same for every time the call is made again after a crash. */
  readonly runId: RunId;
  readonly waits: boolean;
}

/**
 * Creates the run that a step calls. Created before, it is left as it is.
 * Fails as `planWorkflow` does, and with `CHILD_CHANGED`, `CHILD_LIMIT`, `CONCURRENCY_DEADLOCK` or `QUEUE_FULL`.
 */
export async function callWorkflow(deps: EngineDeps, states: Decider, call: WorkflowCall): Promise<void> {
  const { caller, uses, runId, waits } = call;
  const depth = (caller.trigger.parent?.depth ?? 0) + 1;
  if (depth > LIMITS.childDepth) throw new AppError('CHILD_LIMIT', { problem: `workflows call each other ${LIMITS.childDepth} deep already` });
  if (caller.children > LIMITS.children) throw new AppError('CHILD_LIMIT', { problem: `a run can call ${LIMITS.children}` });
  const { pins } = caller.plan;
  const plan = await planWorkflow(deps, { workflowId: uses.id, input: call.input, unattended: true, ...(pins === undefined ? {} : { pins }) });
  if (uses.digest !== undefined && plan.workflow.digest !== uses.digest) throw new AppError('CHILD_CHANGED', { id: uses.id });
  const { actor, branch, tag, sha, session } = caller.trigger;
  const trigger: Trigger = {
    type: 'call',
    actor,
    payload: null,
    branch,
    tag,
    sha,
    parent: { runId: caller.id, workflowId: caller.plan.workflow.id, depth, job: call.job, step: call.step, waits },
    ...(session === undefined ? {} : { session: { id: sidechainOf(runId), metadata: session.metadata, spawnedBy: caller.id } }),
  };
  const { state } = await acceptRun(deps, { runId, plan, trigger, tenant: caller.tenant, ...(waits ? { root: caller.root } : {}) });
  if (session !== undefined) await keepSidechain(deps, { ...state, trigger }, session.id);
  if (plan.concurrency !== undefined && waits) await refuseDeadlock(deps, states, call, state);
}

/** A run cannot wait in a group for its own caller, which waits for it. */
async function refuseDeadlock(deps: EngineDeps, states: Decider, call: WorkflowCall, run: RunState): Promise<void> {
  const claim = (await deps.claims.of(call.runId)).find((one) => one.job === null);
  if (claim === undefined || claim.ahead.length === 0) return;
  const holder = await findDeadlock(deps, run, claim);
  if (holder === undefined) return;
  await cancelChild(states, call.runId, call.caller.id);
  throw new AppError('CONCURRENCY_DEADLOCK', { group: withoutTenant(claim.group), holder: holder.runId });
}

/** A called run that ended before its caller began to wait could not answer it: that is made up for here. */
export async function answerIfEnded(deps: Pick<EngineDeps, 'catalog' | 'log'>, states: Decider, child: RunId): Promise<void> {
  const summary = await deps.catalog.getRun(child);
  if (summary === undefined || summary.finishedAt === null) return;
  await answerChild(states, await readRunState(deps, child));
}
