import { LIMITS, toIdempotencyKey, type Reason } from '@kb-labs/contracts';
import { AppError, toRunError } from '@kb-labs/errors';

import { cancelChildren } from './cancel-children.js';
import type { Decider } from './decider.js';
import type { EngineDeps } from './deps.js';
import { closeRun } from './end-run.js';
import type { JobHold } from './job-hold.js';
import type { JobRecord } from './job-record.js';

type TakeOverDeps = Pick<EngineDeps, 'plugins' | 'logger' | 'clock'>;

/** What was running when the last worker died gets its outcome; a call of a workflow just goes on. */
export async function recordInterruption(deps: TakeOverDeps, record: JobRecord): Promise<'recorded' | 'quarantined'> {
  const index = record.job.steps.findIndex((step) => step.status === 'running');
  const planned = record.planned.steps[index];
  if (planned === undefined || planned.uses.kind === 'workflow') return 'recorded';
  await endStray(deps, record, index);
  const step = record.step(index);
  if (step.interruptions + 1 >= LIMITS.interruptionsBeforeQuarantine) return 'quarantined';
  const error = toRunError(new AppError('STEP_INTERRUPTED'));
  const finished = { ...record.at(index), type: 'step.finished' as const, outputs: {}, artifacts: [], error };
  if (planned.onInterrupt === 'fail') record.add({ ...finished, status: 'failed' });
  else record.add({ ...finished, status: 'interrupted', retry: { attempt: step.attempt + 1, dueAt: deps.clock.now(), code: error.code } });
  return 'recorded';
}

/** Ends a run that keeps ending its worker, and what it called. */
export async function quarantine(states: Decider, { lease: { id, token, runId } }: JobHold): Promise<void> {
  const error = toRunError(new AppError('RUN_QUARANTINED', { times: LIMITS.interruptionsBeforeQuarantine }));
  const reason: Reason = { rule: 'quarantine', message: error.message };
  const decided = await states.decide(runId, (draft) => closeRun(draft, { status: 'quarantined', reason, error }), { ticket: id, token });
  if (decided.ok) await cancelChildren(states, decided.state);
}

/** What the last worker has started and left behind must not go on beside the next try. */
async function endStray(deps: TakeOverDeps, record: JobRecord, index: number): Promise<void> {
  const step = record.step(index);
  const place = { runId: record.state.id, job: record.job.key, attempt: record.job.attempt, step: step.id };
  const ended = await deps.plugins.endStray(toIdempotencyKey({ ...place, iteration: step.iteration }));
  if (ended > 0) deps.logger.warn('ended processes that a dead worker had left', { ...place, ended });
}
