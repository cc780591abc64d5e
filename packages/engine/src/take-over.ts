import { toIdempotencyKey } from '@kb-labs/contracts';

import type { EngineDeps } from './deps.js';
import { cutStep, interruptionOf } from './interruption.js';
import type { JobRecord } from './job-record.js';

type TakeOverDeps = Pick<EngineDeps, 'plugins' | 'logger' | 'clock'>;

/**
 * What was running when the job was last held gets its outcome. The worker that has it now may be the one that had it then,
 * kept away from the state for so long that its lease ran out: it has not died.
 */
export async function recordInterruption(deps: TakeOverDeps, record: JobRecord): Promise<'recorded' | 'quarantined'> {
  const cut = cutStep(record.job, record.planned);
  // What was told to stop, and did not, has its outcome already.
  const stray = cut?.step ?? record.job.steps.find((step) => step.status === 'queued' && step.error?.code === 'STEP_INTERRUPTED');
  if (stray !== undefined) await endStray(deps, record, stray);
  if (cut === undefined) return 'recorded';
  const event = interruptionOf(cut, { now: deps.clock.now(), workerLived: record.sameWorker });
  if (event === undefined) return 'quarantined';
  record.add(event);
  return 'recorded';
}

/** What the last worker has started and left behind must not go on beside the next try. */
async function endStray(deps: TakeOverDeps, record: JobRecord, step: { readonly id: string; readonly iteration: number }): Promise<void> {
  const place = { runId: record.state.id, job: record.job.key, attempt: record.job.attempt, step: step.id };
  const ended = await deps.plugins.endStray(toIdempotencyKey({ ...place, iteration: step.iteration }));
  if (ended > 0) deps.logger.warn('ended processes that a dead worker had left', { ...place, ended });
}
