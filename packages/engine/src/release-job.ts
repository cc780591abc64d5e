import { isTerminalJob, type PlannedJob, type RunError, type RunState } from '@kb-labs/contracts';
import { fromUnknown, toRunError } from '@kb-labs/errors';
import { groupOf, plannedJob } from '@kb-labs/resolver';

import { inTenant } from './in-tenant.js';
import { jobContexts } from './job-contexts.js';
import { keepJobIfSame } from './keep-results.js';
import type { RunDraft } from './run-draft.js';
import { ticketOf } from './ticket-of.js';

/** Hands a job out, behind the others of its group if it has one; `false` when it ended instead. */
export function releaseJob(draft: RunDraft, key: string): boolean {
  const planned = plannedJob(draft.state, key);
  const job = draft.state.jobs.get(key);
  if (planned === undefined || job === undefined || isTerminalJob(job.status)) return true;
  if (keepJobIfSame(draft, planned)) return false;
  if (planned.concurrency !== undefined) {
    const group = groupOfJob(draft.state, planned);
    if (!group.ok) {
      draft.add({ type: 'job.finished', job: key, attempt: 1, status: 'failed', outputs: {}, error: group.error });
      return false;
    }
    // The first jobs of a run that can have to wait in line itself take their places once it goes on: until then they keep nobody else waiting.
    if (draft.state.plan.concurrency === undefined || draft.state.startedAt !== undefined) draft.claim.push({ group: group.name, job: key });
  }
  draft.enqueue.push(ticketOf(draft.state, job, draft.at));
  return true;
}

/** The group of a job that has one, as the state keeps it. */
export function groupOfJob(state: RunState, planned: PlannedJob): { ok: true; name: string } | { ok: false; error: RunError } {
  try {
    if (planned.concurrency === undefined) throw new Error(`the job ${planned.key} is in no group`);
    return { ok: true, name: inTenant(state.tenant, groupOf(planned.concurrency, jobContexts(state, planned))) };
  } catch (thrown) {
    return { ok: false, error: toRunError(fromUnknown(thrown)) };
  }
}
