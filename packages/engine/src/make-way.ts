import type { PlannedConcurrency, Reason, RunId } from '@kb-labs/contracts';
import { isTerminalJob, isTerminalRun } from '@kb-labs/contracts';
import { AppError, toRunError } from '@kb-labs/errors';
import type { ClaimOwner, OpenClaim } from '@kb-labs/ports';
import { plannedJob } from '@kb-labs/resolver';

import { advanceRun } from './advance-run.js';
import { cancelJob, endJobNow, isBetweenAttempts } from './cancel-job.js';
import { decideCancel } from './decide-cancel.js';
import { findDeadlock } from './find-deadlock.js';
import type { DecideDeps, Decider } from './decider.js';
import { withoutTenant } from './in-tenant.js';

/**
 * Cancels those that stand before a run or its jobs in a concurrency group and have to make way: all of them for
 * `cancel-in-progress`, those that wait themselves for `queue: latest`. A job that would wait for one that waits for it
 * fails with `CONCURRENCY_DEADLOCK`. Repeating it is harmless; a process that ends in between leaves the rest to the
 * reconciler.
 */
export async function makeWay(states: Decider, deps: Pick<DecideDeps, 'claims' | 'log'>, runId: RunId): Promise<void> {
  // Those at the back first: a job that is to make way itself does not begin because the one before it did.
  const claims = (await deps.claims.of(runId)).toSorted((a, b) => b.aheadCount - a.aheadCount);
  for (const kept of claims) {
    if (kept.ahead.length === 0) continue;
    const claim = { ...kept, group: withoutTenant(kept.group) };
    const { run, policy } = await states.read(runId, (state) => ({
      run: { id: state.id, trigger: state.trigger },
      policy: claim.job === null ? state.plan.concurrency : plannedJob(state, claim.job)?.concurrency,
    }));
    const holder = await findDeadlock(deps, run, claim);
    if (holder === undefined) for (const owner of policy === undefined ? [] : displaced(policy, claim).toReversed()) await cancelOwner(states, owner, claim);
    // A run that stands behind its caller is refused by the call.
    else if (claim.job !== null) await failJob(states, { ...claim, job: claim.job }, holder);
  }
}

async function failJob(states: Decider, claim: OpenClaim & { readonly job: string }, holder: ClaimOwner): Promise<void> {
  const error = toRunError(new AppError('CONCURRENCY_DEADLOCK', { group: claim.group, holder: holder.runId }, { hint: 'use another group, or none, for one of the two' }));
  await states.decide(claim.runId, (draft) => {
    const job = draft.state.jobs.get(claim.job);
    if (job === undefined || isTerminalJob(job.status) || !isBetweenAttempts(job)) return;
    endJobNow(draft, job, { status: 'failed', error });
    advanceRun(draft, [claim.job]);
  });
}

function displaced(policy: PlannedConcurrency, claim: OpenClaim): readonly ClaimOwner[] {
  if (policy.cancelInProgress) return claim.ahead;
  return policy.queue === 'latest' ? claim.ahead.slice(1) : [];
}

async function cancelOwner(states: Decider, owner: ClaimOwner, by: OpenClaim): Promise<void> {
  const who = by.job === null ? by.runId : `${by.job} of ${by.runId}`;
  const message = `it made way for ${who} in the group ${by.group}`;
  await states.decide(owner.runId, (draft) => {
    if (isTerminalRun(draft.state.status)) return;
    if (owner.job === null) {
      // Asked for once: a second request would stop what cleans up.
      if (draft.state.cancel === undefined) decideCancel(draft, { by: who, note: `it made way in the group ${by.group}` });
      return;
    }
    const reason: Reason = { rule: 'concurrency', message, values: { group: by.group, run: by.runId } };
    if (cancelJob(draft, owner.job, reason)) advanceRun(draft, [owner.job]);
  });
}
