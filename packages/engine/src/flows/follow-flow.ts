import type { RunEvent } from '@kb-labs/contracts';

import { changes } from '../changes.js';
import { type EventPage, followEvents, readEvents } from '../read-events.js';
import { readScopedRun } from '../sessions/read-session-run.js';
import { carryOn } from './carry-on.js';
import { type FlowDeps, type FlowRef, requireFlow, rootOf, submissionOf } from './flow-record.js';

export interface ReadFlowEvents extends FlowRef {
  /** Only those behind this number; from the start when left out. */
  readonly after?: number;
  /** 1 to 1,000, 200 when left out. */
  readonly limit?: number;
}

/** A page of the journal of a flow's root run; empty before that has begun. Fails with `FLOW_NOT_FOUND`, or `RUN_NOT_FOUND` when it was removed. */
export async function readFlowEvents(deps: FlowDeps, { id, tenant, ...page }: ReadFlowEvents): Promise<EventPage> {
  const { record } = (await requireFlow(deps, { id, tenant })).value;
  if ((await stateOf(deps, { id, tenant })) !== 'begun') return { events: [], more: false };
  return readEvents(deps, { runId: record.runId, ...page });
}

/**
 * The events of a flow's root run, those there are and those to come, until it has ended or `signal` is aborted. Waits for one whose turn has not
 * come. Fails as `readFlowEvents` does.
 */
export async function* followFlow(deps: FlowDeps, { id, tenant, after }: Omit<ReadFlowEvents, 'limit'>, signal: AbortSignal): AsyncGenerator<RunEvent> {
  const { record } = (await requireFlow(deps, { id, tenant })).value;
  const runId = rootOf(record);
  // Any run: the end of the one before it is what it waits for, and that it was refused or cancelled is in no journal.
  const changed = changes((onChange) => deps.log.watch(null, onChange), signal);
  try {
    for (let state = await stateOf(deps, { id, tenant }); state !== 'begun'; state = await stateOf(deps, { id, tenant })) {
      if (state === 'over' || !(await changed.next())) return;
    }
  } finally {
    changed.close();
  }
  yield* followEvents(deps, { runId, ...(after === undefined ? {} : { after }) }, signal);
}

async function stateOf(deps: FlowDeps, ref: FlowRef): Promise<'before' | 'begun' | 'over'> {
  await carryOn(deps, ref);
  const { record } = (await requireFlow(deps, ref)).value;
  const submission = await submissionOf(deps, record);
  if (submission !== 'submitted') return submission === 'never' ? 'over' : 'before';
  const root = await readScopedRun(deps, { runId: record.runId, tenant: record.tenant });
  // One that waits in line, or ended there, has no plan of its own yet. What was removed has: whoever reads its events says so.
  if (root?.workflowDigest === null) return root.status === 'queued' ? 'before' : 'over';
  return 'begun';
}
