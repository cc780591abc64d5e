import { DEFAULT_TENANT, JOURNAL_SCHEMA, LIMITS, type JsonObject, type Rerun, type RunEventBody, type RunId, type RunPlan, type RunState, type RunView, toEventText, type Trigger } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Create } from '@kb-labs/ports';
import { foldRun, toRunView } from '@kb-labs/projector';

import { blobsOfEvents } from './blobs-of-events.js';
import type { EngineDeps } from './deps.js';
import { inTenant } from './in-tenant.js';
import { digestFor } from './keep-results.js';
import { makeWay } from './make-way.js';
import { openRun } from './open-run.js';
import { planWorkflow, type PlanDeps } from './plan-workflow.js';
import { readRun } from './read-run.js';
import type { DecideDeps } from './decider.js';
import { keepDocument } from './run-documents.js';
import { RunStates } from './run-states.js';
import { refuseReserved } from './sessions/refuse-reserved.js';

export interface StartRun {
  readonly workflowId: string;
  readonly input: JsonObject;
  readonly trigger: Trigger;
  /** The same key with the same workflow and input is the same run, for at least a day. */
  readonly idempotencyKey?: string;
  /** Nobody asked for it by hand: a document that forbids that can be started all the same. */
  readonly unattended?: boolean;
  /** `default` when left out. */
  readonly tenant?: string;
  /** The id it will have; a run with this id that is there already is the answer. A fresh one when left out. */
  readonly runId?: RunId;
}

export interface StartedRun {
  readonly run: RunView;
  /** The key or the id was known: this is the run it made then. */
  readonly repeated: boolean;
}

export type AcceptDeps = DecideDeps & Pick<EngineDeps, 'queue' | 'ids' | 'records' | 'beginners'>;
export type StartDeps = PlanDeps & AcceptDeps;

/**
 * Accepts a run: when this resolves, the run is durable and its first jobs are queued.
 * Fails as `planWorkflow` does, with `RESERVED_KEY`, `IDEMPOTENCY_CONFLICT` or `QUEUE_FULL`.
 */
export async function startRun(deps: StartDeps, command: StartRun): Promise<StartedRun> {
  refuseReserved({ input: command.input });
  const key = checkedKey(command.idempotencyKey);
  const plan = await planWorkflow(deps, command);
  const { trigger, tenant } = command;
  const accepted = await acceptRun(deps, {
    runId: command.runId ?? deps.ids.runId(),
    plan,
    trigger,
    ...(tenant === undefined ? {} : { tenant }),
    ...(key === undefined ? {} : { idempotency: { key, request: { workflowId: command.workflowId, input: command.input } } }),
  });
  if (accepted.repeated !== undefined) return { run: await readRun(deps, accepted.repeated), repeated: true };
  return { run: toRunView(accepted.state), repeated: false };
}

/** Fails with `USAGE`. */
export function checkedKey(key: string | undefined): string | undefined {
  if (key !== undefined && (key.length === 0 || key.length > LIMITS.idempotencyKeyLength)) {
    throw new AppError('USAGE', { problem: `an idempotency key has 1 to ${LIMITS.idempotencyKeyLength} characters` });
  }
  return key;
}

export interface AcceptRun {
  readonly runId: RunId;
  readonly plan: RunPlan;
  readonly trigger: Trigger;
  /** Left out: the run is the top of its own tree. */
  readonly root?: RunId;
  readonly tenant?: string;
  readonly rerun?: Rerun;
  /** `request` is what the key stands for. */
  readonly idempotency?: { readonly key: string; readonly request: JsonObject };
}

/** Makes a plan a run. `repeated` names the run that was there already, for this key or with this id. */
export async function acceptRun(deps: AcceptDeps, command: AcceptRun): Promise<{ state: RunState; repeated?: RunId }> {
  const { runId, plan, trigger, root, tenant, rerun } = command;
  const at = deps.clock.now();
  const event: RunEventBody & { type: 'run.started' } = {
    type: 'run.started',
    schema: JOURNAL_SCHEMA,
    plan,
    trigger,
    ...(root === undefined ? {} : { root }),
    ...(tenant === undefined || tenant === DEFAULT_TENANT ? {} : { tenant }),
    ...(rerun === undefined ? {} : { rerun }),
    ...(command.idempotency === undefined ? {} : { idempotencyKey: command.idempotency.key }),
  };
  if (toEventText(event).length > LIMITS.runStateBytes) {
    throw new AppError('INPUT_INVALID', { problem: `the run would start with more than ${LIMITS.runStateBytes} bytes` });
  }
  await keepDocument(deps, plan.workflow.digest);
  const started = foldRun(runId, [{ ...event, seq: 1, at }]);
  const opened = await openRun(deps, started, { at, matrixLimit: deps.limits.matrixCombinations, digest: await digestFor(started) });
  const create: Create = {
    runId,
    at,
    events: [event, ...opened.events],
    ...blobsOfEvents([event, ...opened.events]),
    summary: opened.summary,
    enqueue: opened.enqueue,
    ...(opened.claim.length === 0 ? {} : { claim: opened.claim }),
    maxOpenRuns: LIMITS.queuedRuns,
    ...(command.idempotency === undefined ? {} : { idempotency: await idempotencyOf(command.idempotency, tenant, at) }),
  };
  // One that takes a place in a group may have to wait, or others to make way.
  const prepared = opened.claim.length === 0 ? await deps.beginners?.prepare(opened) : undefined;
  const result = await deps.log.create(create, prepared).finally(() => prepared?.over());
  if (!result.ok) {
    if (result.refused === 'full') throw new AppError('QUEUE_FULL', { limit: LIMITS.queuedRuns });
    throw new AppError('IDEMPOTENCY_CONFLICT', { key: command.idempotency?.key ?? '' });
  }
  if (result.repeated) return { state: opened.state, repeated: result.runId };
  if (opened.claim.length > 0) await makeWay(new RunStates(deps), deps, runId);
  return { state: opened.state };
}

/** Digests are loaded for this alone: most runs are started without a key. */
async function idempotencyOf(idempotency: NonNullable<AcceptRun['idempotency']>, tenant: string | undefined, at: number): Promise<NonNullable<Create['idempotency']>> {
  const { contentDigest } = await import('@kb-labs/digest');
  const { key, request } = idempotency;
  return { key: inTenant(tenant ?? DEFAULT_TENANT, key), digest: contentDigest('start-run', request), keepUntil: at + LIMITS.idempotencyKeepMs };
}
