import { isTerminalJob, isTerminalRun, RUN_STATUSES, TIME_LIMIT, type JobState, type RunId, type RunState } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import type { NewTicket } from '@kb-labs/ports';
import { readyJobs, releasable } from '@kb-labs/resolver';

import { conditionEnv } from './advance-run.js';
import { answerIfEnded } from './call-workflow.js';
import { cancelIfUnwanted } from './cancel-children.js';
import type { EngineDeps } from './deps.js';
import { makeWay } from './make-way.js';
import { readRunState } from './read-run.js';
import type { DecideDeps } from './decider.js';
import { RunStates } from './run-states.js';
import { ticketOf } from './ticket-of.js';

const PAGE = 100;

export type ReconcileDeps = DecideDeps & Pick<EngineDeps, 'queue' | 'catalog' | 'logger'>;

/**
 * Derives from the journals what must be there besides them, and mends what is missing: tickets, answers of called runs
 * that have ended, cancellations of those that have to make way or that nobody waits for any more. Of the given runs, or of every open one. A run that
 * cannot be read is reported and left alone; the others go on.
 */
export async function reconcile(deps: ReconcileDeps, runIds?: Iterable<RunId> | AsyncIterable<RunId>, states = new RunStates(deps)): Promise<{ queued: number }> {
  let queued = 0;
  for await (const runId of runIds ?? openRuns(deps)) {
    try {
      const state = await readRunState(deps, runId);
      queued += await deps.queue.ensure(expectedTickets(state, deps.clock.now()));
      for (const child of awaitedRuns(state)) await answerIfEnded(deps, states, child);
      if (state.trigger.parent?.waits === true && state.cancel === undefined) await cancelIfUnwanted(deps, states, runId);
      if (hasGroups(state)) await makeWay(states, deps, runId);
    } catch (error) {
      if (hasCode(error, 'STATE_UNAVAILABLE') || hasCode(error, 'STATE_BUSY')) throw error;
      deps.logger.error('an open run cannot be read', { runId, problem: String(error) });
    }
  }
  return { queued };
}

/**
 * The open runs that do not wait. Those that do can be thousands, for weeks, and nothing becomes missing beside a journal that nobody
 * writes to, unless a store loses it: they need not be looked at as often.
 */
export async function* runsAtWork({ catalog }: Pick<EngineDeps, 'catalog'>): AsyncGenerator<RunId> {
  for (const status of RUN_STATUSES.filter((one) => !isTerminalRun(one) && one !== 'waiting')) {
    for (let before: RunId | undefined; ; ) {
      const page = await catalog.listRuns({ status, limit: PAGE, ...(before === undefined ? {} : { before }) });
      const ids = page.map(({ id }) => id as RunId);
      yield* ids;
      if (ids.length < PAGE) break;
      before = ids.at(-1);
    }
  }
}

function awaitedRuns(state: RunState): RunId[] {
  if (state.children === 0 || isTerminalRun(state.status)) return [];
  return [...state.jobs.values()].flatMap((job) =>
    job.steps.flatMap((step) => (step.status === 'waiting' && step.wait?.kind === 'child' ? [step.wait.runId] : [])),
  );
}

function hasGroups(state: RunState): boolean {
  return !isTerminalRun(state.status) && (state.plan.concurrency !== undefined || state.plan.jobs.some((job) => job.concurrency !== undefined));
}

async function* openRuns(deps: Pick<EngineDeps, 'catalog'>): AsyncGenerator<RunId> {
  for (let after: RunId | undefined; ; ) {
    const page = await deps.catalog.openRuns({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1);
  }
}

/** The tickets a run must have, held or not, given its journal. */
function expectedTickets(state: RunState, now: number): NewTicket[] {
  if (isTerminalRun(state.status)) return [];
  const fresh = new Set(readyJobs(state, { env: conditionEnv(state) }).ready);
  for (const { key, strategy } of state.plan.jobs) if (strategy !== undefined) for (const one of releasable(state, key)) fresh.add(one);
  const tickets = [...state.jobs.values()].flatMap((job) => {
    const begun = job.startedAt !== undefined || job.attempt > 1;
    if (isTerminalJob(job.status) || job.matrix !== undefined || (!begun && !fresh.has(job.key))) return [];
    const due = job.status === 'waiting' ? waitEnd(state, job) : now;
    return due === undefined ? [] : [ticketOf(state, job, due)];
  });
  const { timeoutMs } = state.plan;
  if (timeoutMs === undefined || state.startedAt === undefined) return tickets;
  return [...tickets, { runId: state.id, job: TIME_LIMIT, attempt: 1, turn: 0, notBefore: state.startedAt + timeoutMs }];
}

/** What waits for an answer alone has no ticket, unless it was cancelled. */
function waitEnd(state: RunState, job: JobState): number | undefined {
  const waits = job.steps.find((step) => step.wait !== undefined);
  const stopped = waits === undefined ? job.cancelled : waits.unwanted;
  return stopped === true ? state.createdAt : job.dueAt;
}
