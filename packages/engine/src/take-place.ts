import type { RunState } from '@kb-labs/contracts';
import type { NewClaim, NewTicket } from '@kb-labs/ports';
import { plannedJob } from '@kb-labs/resolver';

import type { Decider } from './decider.js';
import type { EngineDeps } from './deps.js';
import type { JobHold } from './job-hold.js';
import { makeWay } from './make-way.js';
import { groupOfJob } from './release-job.js';
import { ticketOf } from './ticket-of.js';

/** A place in a group that a job was handed out without. */
export interface WantedPlace {
  readonly claim: NewClaim;
  readonly ticket: NewTicket;
}

/** `undefined` when the job needs none, or had it when it was handed out before. */
export function wantedPlace(state: RunState, key: string, now: number): WantedPlace | undefined {
  const planned = plannedJob(state, key);
  const job = state.jobs.get(key);
  if (state.plan.concurrency === undefined || planned?.concurrency === undefined) return undefined;
  if (job === undefined || job.status !== 'queued' || job.startedAt !== undefined || job.attempt > 1) return undefined;
  const group = groupOfJob(state, planned);
  return group.ok ? { claim: { group: group.name, job: key }, ticket: ticketOf(state, job, now) } : undefined;
}

/**
 * Puts a job that was handed out without a place in its group in line, and its ticket back, to be handed out when its turn
 * comes. `false` when it has its place already.
 */
export async function takePlace(deps: Pick<EngineDeps, 'log' | 'claims' | 'clock'>, states: Decider, { lease }: JobHold, { claim, ticket }: WantedPlace): Promise<boolean> {
  const { runId, job: key, id, token } = lease;
  if ((await deps.claims.of(runId)).some((owner) => owner.job === key)) return false;
  const placed = await deps.log.append({ runId, at: deps.clock.now(), events: [], fence: { ticket: id, token }, settle: [id], claim: [claim], enqueue: [ticket] });
  if (placed.ok) await makeWay(states, deps, runId);
  return true;
}
