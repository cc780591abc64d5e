import type { Page, TaskStatus, TaskView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { parseTaskId, toTaskViews } from '@kb-labs/projector';

import type { EngineDeps } from '../deps.js';
import { readScopedRun } from './read-session-run.js';
import { listRunParts, type ListRunParts } from './run-parts.js';

type ReadDeps = Pick<EngineDeps, 'records' | 'log'>;

export interface ListTasks extends ListRunParts {
  readonly status?: TaskStatus;
}

/** Jobs of runs of sessions. Fails with `RUN_NOT_FOUND` or `SESSION_NOT_FOUND`. */
export async function listTasks(deps: ReadDeps, { status, ...query }: ListTasks): Promise<Page<TaskView>> {
  return listRunParts(deps, query, { partsOf: (run) => toTaskViews(run).filter((task) => status === undefined || task.status === status), idOf: (task) => task.task_id });
}

/** Fails with `TASK_NOT_FOUND`. */
export async function readTask(deps: ReadDeps, { id, tenant }: { readonly id: string; readonly tenant: string }): Promise<TaskView> {
  const place = parseTaskId(id);
  const run = place === undefined ? undefined : await readScopedRun(deps, { runId: place.runId, tenant });
  const task = run === undefined ? undefined : toTaskViews(run).find((one) => one.task_id === id);
  if (task === undefined) throw new AppError('TASK_NOT_FOUND', { id });
  return task;
}
