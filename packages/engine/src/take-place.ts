import type { NewClaim } from '@kb-labs/ports';
import { plannedJob } from '@kb-labs/resolver';

import type { Decider } from './decider.js';
import type { EngineDeps } from './deps.js';
import type { JobHold } from './job-hold.js';
import { makeWay } from './make-way.js';
import { groupOfJob } from './release-job.js';
import { ticketOf } from './ticket-of.js';

/**
 * Puts a job that was handed out without a place in its group in line, and its ticket back, to be handed out when its turn
 * comes. `false` when it has its place, or needs none.
 */
export async function takePlace(deps: Pick<EngineDeps, 'log' | 'claims' | 'clock'>, states: Decider, hold: JobHold): Promise<boolean> {
  const { runId, job: key, id, token } = hold.lease;
  const wanted = await states.read(runId, (state) => {
    const planned = plannedJob(state, key);
    const job = state.jobs.get(key);
    if (state.plan.concurrency === undefined || planned?.concurrency === undefined) return undefined;
    if (job === undefined || job.status !== 'queued' || job.startedAt !== undefined || job.attempt > 1) return undefined;
    const group = groupOfJob(state, planned);
    return group.ok ? { claim: { group: group.name, job: key } satisfies NewClaim, ticket: ticketOf(state, job, deps.clock.now()) } : undefined;
  });
  if (wanted === undefined || (await deps.claims.of(runId)).some((claim) => claim.job === key)) return false;
  const { claim, ticket } = wanted;
  const placed = await deps.log.append({ runId, at: deps.clock.now(), events: [], fence: { ticket: id, token }, settle: [id], claim: [claim], enqueue: [ticket] });
  if (placed.ok) await makeWay(states, deps, runId);
  return true;
}
