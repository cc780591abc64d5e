import { isTerminalJob, isTerminalRun, type TaskView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { parseTaskId } from '@kb-labs/projector';

import { advanceRun } from '../advance-run.js';
import { cancelJob } from '../cancel-job.js';
import type { DecideDeps } from '../decider.js';
import type { EngineDeps } from '../deps.js';
import { toKnownRunId } from '../read-run.js';
import { withoutSecrets } from '../read-secrets.js';
import { RunStates } from '../run-states.js';
import { readTask } from './read-tasks.js';

export interface StopTask {
  readonly id: string;
  readonly tenant: string;
  readonly by: string;
  readonly note?: string;
}

/**
 * Cancels one job of a run; the run goes on as it does after a job that was cancelled. What runs is stopped by its worker: then the task is cancelled a little
 * later. A second time changes nothing. Fails with `TASK_NOT_FOUND`, or with `TASK_ENDED` when it had ended in another way.
 */
export async function stopTask(deps: DecideDeps & Pick<EngineDeps, 'records' | 'secrets'>, { id, tenant, by, note }: StopTask): Promise<TaskView> {
  const task = await readTask(deps, { id, tenant });
  const place = parseTaskId(id);
  if (place === undefined) throw new AppError('TASK_NOT_FOUND', { id });
  const runId = toKnownRunId(place.runId);
  const states = new RunStates(deps);
  const said = note === undefined ? '' : `: ${await withoutSecrets(deps, states, runId, note)}`;
  await states.decide(runId, (draft) => {
    const job = draft.state.jobs.get(place.job);
    if (job === undefined) throw new AppError('TASK_NOT_FOUND', { id });
    if (job.status === 'cancelled' || job.cancelReason !== undefined) return;
    if (isTerminalJob(job.status) || isTerminalRun(draft.state.status)) throw new AppError('TASK_ENDED', { id, status: task.status });
    if (cancelJob(draft, place.job, { rule: 'cancelled', message: `it was stopped by ${by}${said}`, values: { by } })) advanceRun(draft, [place.job]);
  });
  return readTask(deps, { id, tenant });
}
