import { isTerminalRun, type RunEvent } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { changes } from './changes.js';
import type { EngineDeps } from './deps.js';
import { toKnownRunId } from './read-run.js';

const PAGE = 200;
const MOST = 1_000;

export interface ReadEvents {
  readonly runId: string;
  /** Only those behind this number; from the start when left out. */
  readonly after?: number;
  /** 1 to 1,000, 200 when left out. */
  readonly limit?: number;
}

export interface EventPage {
  readonly events: readonly RunEvent[];
  /** Whether there are more. */
  readonly more: boolean;
}

type EventDeps = Pick<EngineDeps, 'log' | 'catalog'>;

/** A page of a run's journal. Fails with `RUN_NOT_FOUND`. */
export async function readEvents(deps: EventDeps, query: ReadEvents): Promise<EventPage> {
  const runId = toKnownRunId(query.runId);
  const limit = query.limit ?? PAGE;
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) throw new AppError('USAGE', { problem: `a limit is a whole number from 1 to ${MOST}` });
  if ((await deps.catalog.getRun(runId)) === undefined) throw new AppError('RUN_NOT_FOUND', { id: query.runId });
  const events = await deps.log.read(runId, query.after ?? 0, limit + 1);
  return { events: events.slice(0, limit), more: events.length > limit };
}

/** The events of a run, those there are and those to come, until it has ended or `signal` is aborted. Reads on when the next one is asked for. */
export async function* followEvents(deps: EventDeps, query: Omit<ReadEvents, 'limit'>, signal: AbortSignal): AsyncGenerator<RunEvent> {
  const runId = toKnownRunId(query.runId);
  const changed = changes((onChange) => deps.log.watch(runId, onChange), signal);
  let after = query.after ?? 0;
  try {
    for (;;) {
      // Asked before the events are read: once it has ended, everything read afterwards is everything.
      const summary = await deps.catalog.getRun(runId);
      if (summary === undefined) throw new AppError('RUN_NOT_FOUND', { id: query.runId });
      for (let more = true; more && !signal.aborted; ) {
        const events = await deps.log.read(runId, after, PAGE);
        yield* events;
        after = events.at(-1)?.seq ?? after;
        more = events.length === PAGE;
      }
      if (isTerminalRun(summary.status) || !(await changed.next())) return;
    }
  } finally {
    changed.close();
  }
}
