import { parseRunId, type RunEvent } from '@kb-labs/contracts';
import type { RunEventView } from '@kb-labs/contracts/http';
import { advanceSession, type EngineDeps, type EventPage, type FlowRef, followEvents, followFlow, readEvents, readFlow, readSessionRun } from '@kb-labs/engine';

import { parseSeq } from './follow-places.js';
import { toEventView } from './follow-views.js';
import type { StreamedEvent } from './handler.js';

/** How long, in ms, before it is asked again whether the turn of a run has come. */
const TURN_MS = 500;

export interface SessionRunRef {
  readonly runId: string;
  readonly tenant: string;
}

/** The events of a run of a session, a page at a time. One whose turn has not come has none. Fails with `RUN_NOT_FOUND`. */
export async function pageOfEvents(engine: EngineDeps, ref: SessionRunRef, { after, limit }: { readonly after?: string; readonly limit?: number }): Promise<WireEvents> {
  const seq = after === undefined ? undefined : parseSeq(after);
  const { run_id: runId } = await readSessionRun(engine, ref);
  if (!(await hasBegun(engine, runId))) return { items: [] };
  return toEventPage(await readEvents(engine, { runId, ...(seq === undefined ? {} : { after: seq }), ...(limit === undefined ? {} : { limit }) }));
}

interface WireEvents {
  readonly items: readonly RunEventView[];
  readonly next_cursor?: string;
}

export function toEventPage({ events, more }: EventPage): WireEvents {
  const last = events.at(-1);
  return { items: events.map(toEventView), ...(more && last !== undefined ? { next_cursor: String(last.seq) } : {}) };
}

/** The same as they come. Whether the run is there is known when this resolves. */
export async function followSessionRun(engine: EngineDeps, ref: SessionRunRef, { after, signal }: { readonly after: string | undefined; readonly signal: AbortSignal }): Promise<AsyncIterable<StreamedEvent<RunEventView>>> {
  const seq = after === undefined ? 0 : parseSeq(after);
  const { run_id: runId, session_id: sessionId } = await readSessionRun(engine, ref);
  return eventsOf(engine, { runId, sessionId, tenant: ref.tenant, after: seq }, signal);
}

/** Those of the root run of a flow. Whether the flow is there is known when this resolves. */
export async function followFlowRun(engine: EngineDeps, ref: FlowRef, { after, signal }: { readonly after: string | undefined; readonly signal: AbortSignal }): Promise<AsyncIterable<StreamedEvent<RunEventView>>> {
  const seq = after === undefined ? 0 : parseSeq(after);
  await readFlow(engine, ref);
  return streamed(followFlow(engine, { ...ref, after: seq }, signal));
}

async function* streamed(events: AsyncIterable<RunEvent>): AsyncGenerator<StreamedEvent<RunEventView>> {
  for await (const event of events) yield { id: String(event.seq), data: toEventView(event) };
}

async function* eventsOf(engine: EngineDeps, { runId, sessionId, tenant, after }: { runId: string; sessionId: string; tenant: string; after: number }, signal: AbortSignal): AsyncGenerator<StreamedEvent<RunEventView>> {
  while (!(await hasBegun(engine, runId))) {
    if (signal.aborted) return;
    // One that was cancelled before its turn, or could not begin, has no journal and never will.
    const { status } = await readSessionRun(engine, { runId, tenant });
    if (status !== 'queued') {
      if (await hasBegun(engine, runId)) break;
      return;
    }
    await advanceSession(engine, { sessionId, tenant });
    await pause(engine, signal);
  }
  yield* streamed(followEvents(engine, { runId, after }, signal));
}

async function hasBegun({ catalog }: EngineDeps, runId: string): Promise<boolean> {
  const known = parseRunId(runId);
  return known !== undefined && (await catalog.getRun(known)) !== undefined;
}

function pause({ clock }: EngineDeps, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      disarm();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const disarm = clock.after(TURN_MS, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
