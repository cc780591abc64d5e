import type { RunEventBody, RunState, RunSummary } from '@kb-labs/contracts';
import { isTerminalRun } from '@kb-labs/contracts';
import { fromUnknown, toRunError } from '@kb-labs/errors';
import type { NewClaim, NewTicket } from '@kb-labs/ports';
import { toRunSummary } from '@kb-labs/projector';
import { groupOf, runContexts } from '@kb-labs/resolver';

import { advanceRun } from './advance-run.js';
import { ticketAfterEnd } from './ticket-after-end.js';
import type { EngineDeps } from './deps.js';
import { inTenant } from './in-tenant.js';
import { RunDraft, type DraftOptions } from './run-draft.js';

export interface OpenedRun {
  /** What follows from the start at once: jobs that never run, and the end when none does. */
  readonly events: readonly RunEventBody[];
  readonly enqueue: readonly NewTicket[];
  readonly claim: readonly NewClaim[];
  readonly summary: RunSummary;
  readonly state: RunState;
}

/** Decides the first jobs of a run that consists of its `run.started`. */
export async function openRun(deps: Pick<EngineDeps, 'workflows'>, started: RunState, options: DraftOptions & { at: number }): Promise<OpenedRun> {
  const draft = new RunDraft(started, options.at, options);
  const { concurrency } = started.plan;
  try {
    if (concurrency !== undefined) draft.claim.push({ group: inTenant(started.tenant, groupOf(concurrency, runContexts(started))), job: null });
    advanceRun(draft);
  } catch (thrown) {
    if (draft.events.length > 0) throw thrown;
    refuse(draft, thrown);
  }
  const after = isTerminalRun(draft.state.status) ? await ticketAfterEnd(deps, draft.state, options.at) : undefined;
  const { events, enqueue, claim, state } = draft;
  return { events, enqueue: after === undefined ? enqueue : [...enqueue, after], claim: isTerminalRun(state.status) ? [] : claim, summary: toRunSummary(state), state };
}

/** A run whose group cannot be told was accepted and cannot go on: it ends saying why. */
function refuse(draft: RunDraft, thrown: unknown): void {
  const error = toRunError(fromUnknown(thrown));
  for (const { key } of draft.state.plan.jobs) draft.add({ type: 'job.finished', job: key, attempt: 1, status: 'failed', outputs: {}, error });
  draft.add({ type: 'run.finished', status: 'failed', outputs: {}, error });
}
