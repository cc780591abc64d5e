import { JOURNAL_SCHEMA, LIMITS, type JsonObject, type RunEventBody, type RunView, type Trigger } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { foldRun, toRunView } from '@kb-labs/projector';

import type { EngineDeps } from './deps.js';
import { openRun } from './open-run.js';
import { planWorkflow, type PlanDeps } from './plan-workflow.js';
import { readRun } from './read-run.js';

export interface StartRun {
  readonly workflowId: string;
  readonly input: JsonObject;
  readonly trigger: Trigger;
  /** The same key with the same workflow and input is the same run, for at least a day. */
  readonly idempotencyKey?: string;
}

export interface StartedRun {
  readonly run: RunView;
  /** The key was known: this is the run it made then. */
  readonly repeated: boolean;
}

export type StartDeps = PlanDeps & Pick<EngineDeps, 'log' | 'queue' | 'clock' | 'ids'>;

/**
 * Accepts a run: when this resolves, the run is durable and its first jobs are queued.
 * Fails as `planWorkflow` does, with `IDEMPOTENCY_CONFLICT`, or with `QUEUE_FULL`.
 */
export async function startRun(deps: StartDeps, command: StartRun): Promise<StartedRun> {
  const key = command.idempotencyKey;
  if (key !== undefined && (key.length === 0 || key.length > LIMITS.idempotencyKeyLength)) {
    throw new AppError('USAGE', { problem: `an idempotency key has 1 to ${LIMITS.idempotencyKeyLength} characters` });
  }
  const plan = await planWorkflow(deps, command);
  const runId = deps.ids.runId();
  const at = deps.clock.now();
  const event: RunEventBody & { type: 'run.started' } = {
    type: 'run.started',
    schema: JOURNAL_SCHEMA,
    plan,
    trigger: command.trigger,
    ...(key === undefined ? {} : { idempotencyKey: key }),
  };
  if (JSON.stringify(event).length > LIMITS.runStateBytes) {
    throw new AppError('INPUT_INVALID', { problem: `the run would start with more than ${LIMITS.runStateBytes} bytes` });
  }
  const opened = openRun(foldRun(runId, [{ ...event, seq: 1, at }]), at);
  const result = await deps.log.create({
    runId,
    at,
    events: [event, ...opened.events],
    summary: opened.summary,
    enqueue: opened.enqueue,
    maxOpenRuns: LIMITS.queuedRuns,
    ...(key === undefined ? {} : { idempotency: await idempotencyOf(key, command, at) }),
  });
  if (!result.ok) {
    if (result.refused === 'full') throw new AppError('QUEUE_FULL', { limit: LIMITS.queuedRuns });
    throw new AppError('IDEMPOTENCY_CONFLICT', { key: key ?? '' });
  }
  if (result.repeated) return { run: await readRun(deps, result.runId), repeated: true };
  return { run: toRunView(opened.state), repeated: false };
}

/** Digests are loaded for this alone: most runs are started without a key. */
async function idempotencyOf(key: string, command: StartRun, at: number): Promise<{ key: string; digest: string; keepUntil: number }> {
  const { contentDigest } = await import('@kb-labs/digest');
  const request = { workflowId: command.workflowId, input: command.input };
  return { key, digest: contentDigest('start-run', request), keepUntil: at + LIMITS.idempotencyKeepMs };
}
