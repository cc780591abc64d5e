import { isTerminalRun, parseRunId, type Reason, type RunId, type RunState, type RunView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { foldRun, toReasonView, toRunView } from '@kb-labs/projector';

import type { EngineDeps } from './deps.js';
import { withoutTenant } from './in-tenant.js';

export type ReadDeps = Pick<EngineDeps, 'log' | 'queue' | 'claims'>;

/** A run as it is now. Fails with `RUN_NOT_FOUND`. */
export async function readRun(deps: ReadDeps, runId: string): Promise<RunView> {
  const state = await readRunState(deps, runId);
  return withWorkerNote(deps, state);
}

/** The folded journal of a run. Fails with `RUN_NOT_FOUND`, also for a text that is no run id. */
export async function readRunState(deps: Pick<EngineDeps, 'log'>, runId: string): Promise<RunState> {
  const id = toKnownRunId(runId);
  const events = await deps.log.read(id, 0);
  if (events.length === 0) throw new AppError('RUN_NOT_FOUND', { id: runId });
  return foldRun(id, events);
}

export function toKnownRunId(text: string): RunId {
  const id = parseRunId(text);
  if (id === undefined) throw new AppError('RUN_NOT_FOUND', { id: text });
  return id;
}

/** An open run that no live worker serves says so. */
export const NO_WORKER: Reason = { rule: 'no-worker', message: 'no worker: nobody is carrying this run on' };

export async function withWorkerNote(deps: Pick<EngineDeps, 'queue' | 'claims'>, state: RunState): Promise<RunView> {
  const view = toRunView(state);
  if (isTerminalRun(state.status) || state.reason !== undefined) return view;
  const served = await deps.queue.served([state.id]);
  const waiting = await withGroups(deps, state, view);
  return served.has(state.id) ? waiting : { ...waiting, reason: toReasonView(NO_WORKER) };
}

/** What waits its turn in a concurrency group says so. Only runs that have groups are looked up. */
async function withGroups(deps: Pick<EngineDeps, 'claims'>, state: RunState, view: RunView): Promise<RunView> {
  if (state.plan.concurrency === undefined && state.plan.jobs.every((job) => job.concurrency === undefined)) return view;
  const blocked = new Map<string | null, Reason>();
  for (const { job, group: kept, ahead, aheadCount } of await deps.claims.of(state.id)) {
    const group = withoutTenant(kept);
    const [holder] = ahead;
    if (holder === undefined) continue;
    const who = holder.job === null ? holder.runId : `${holder.job} of ${holder.runId}`;
    const others = aheadCount > 1 ? `, and ${aheadCount - 1} more before it` : '';
    blocked.set(job, { rule: 'concurrency', message: `it waits for the group ${group}, held by ${who}${others}`, values: { group, holder: holder.runId } });
  }
  const ofRun = blocked.get(null);
  const jobs = view.jobs.map((job) => {
    const reason = job.status === 'queued' ? blocked.get(job.key) : undefined;
    return reason === undefined ? job : { ...job, reason: toReasonView(reason) };
  });
  return { ...view, jobs, ...(ofRun === undefined ? {} : { reason: toReasonView(ofRun) }) };
}
