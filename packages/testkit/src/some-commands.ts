import type { LogLine, RunId, RunStatus, RunSummary } from '@kb-labs/contracts';
import type { Create, NewTicket } from '@kb-labs/ports';

import { aRunStarted } from './some-events.js';

/** The summary of a run that was created at 0 and has not started, the only one of its tree. */
export function aSummary(runId: RunId, loose: Partial<Omit<RunSummary, 'id'>> = {}): RunSummary {
  return {
    workflowId: 'example',
    workflowVersion: null,
    status: 'queued',
    root: runId,
    tenant: 'default',
    trigger: { type: 'manual', actor: 'tester', branch: null },
    createdAt: 0,
    startedAt: null,
    finishedAt: null,
    ...loose,
    id: runId,
  };
}

/** The summary of a run that has ended. */
export function anEndedSummary(runId: RunId, status: RunStatus = 'success'): RunSummary {
  return aSummary(runId, { status, startedAt: 1, finishedAt: 2 });
}

/** The first hand-out of the job `main`, due at once. */
export function aTicket(runId: RunId, loose: Partial<Omit<NewTicket, 'runId'>> = {}): NewTicket {
  return { job: 'main', attempt: 1, turn: 0, notBefore: 0, ...loose, runId };
}

/** Opens a run with one `run.started` and no ticket. */
export function aCreate(runId: RunId, loose: Partial<Omit<Create, 'runId'>> = {}): Create {
  return { at: 0, events: [aRunStarted()], summary: aSummary(runId), enqueue: [], maxOpenRuns: 100_000, ...loose, runId };
}

/** Lines `from` to `to` of one step. */
export function someLines(range: { from: number; to: number; job?: string; step?: string }, loose: Partial<LogLine> = {}): LogLine[] {
  const { from, to, job = 'main', step = 'step-1' } = range;
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    attempt: 1,
    at: from + index,
    stream: 'stdout',
    level: 'info',
    text: `line ${String(from + index)}`,
    ...loose,
    job,
    step,
    n: from + index,
  }));
}
