import type { RunEventBody, RunState, RunSummary } from '@kb-labs/contracts';
import type { NewTicket } from '@kb-labs/ports';
import { toRunSummary } from '@kb-labs/projector';
import { readyJobs } from '@kb-labs/resolver';

import { conditionEnv, finishRunIfDone, settleJobs } from './advance-run.js';
import { RunDraft } from './run-draft.js';

export interface OpenedRun {
  /** What follows from the start at once: jobs that never run, and the end when none does. */
  readonly events: readonly RunEventBody[];
  readonly enqueue: readonly NewTicket[];
  readonly summary: RunSummary;
  readonly state: RunState;
}

/** Decides the first jobs of a run that consists of its `run.started`. */
export function openRun(started: RunState, at: number): OpenedRun {
  const draft = new RunDraft(started, at);
  settleJobs(draft, readyJobs(draft.state, { env: conditionEnv(draft.state) }));
  finishRunIfDone(draft);
  return { events: draft.events, enqueue: draft.enqueue, summary: toRunSummary(draft.state), state: draft.state };
}
