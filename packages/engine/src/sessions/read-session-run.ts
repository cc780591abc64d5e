import { DEFAULT_TENANT, FLOW_KEY, type Page, parseRunId, type RunId, type SessionRunView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { agentOf, type ScopedRun, scopedRunOf, toSessionRunView } from '@kb-labs/projector';

import type { EngineDeps } from '../deps.js';
import { pageLimit } from '../page-limit.js';
import type { EachRecord } from '../record-kind.js';
import { findAsked, findSession, readAsked, RUN_SESSION_KIND, SESSION_RUN_KIND, sessionKey, sessionRunKey, type SessionRef, type StoredSessionRun } from './session-record.js';
import { requireKept } from './sidechain.js';

type ReadDeps = Pick<EngineDeps, 'records' | 'log'>;

interface RunRef {
  readonly runId: string;
  readonly tenant: string;
}

/** A run of a session. Fails with `RUN_NOT_FOUND`, also for a run of none. */
export async function readSessionRun(deps: ReadDeps, ref: RunRef): Promise<SessionRunView> {
  return toView(await requireScopedRun(deps, ref));
}

/** As `readScopedRun`; fails with `RUN_NOT_FOUND`. */
export async function requireScopedRun(deps: ReadDeps, ref: RunRef): Promise<ScopedRun> {
  const run = await readScopedRun(deps, ref);
  if (run === undefined) throw new AppError('RUN_NOT_FOUND', { id: ref.runId });
  return run;
}

/**
 * A run of a session as sessions and flows look at it, from its journal; one whose turn has not come from what was asked for. It was created when it was
 * submitted. `undefined` for a run of no session, of another tenant, or that was removed.
 */
export async function readScopedRun(deps: ReadDeps, { runId: text, tenant }: RunRef): Promise<ScopedRun | undefined> {
  const runId = parseRunId(text);
  if (runId === undefined) return undefined;
  const events = await deps.log.read(runId, 0);
  const [first] = events;
  if (first?.type === 'run.started') return (first.tenant ?? DEFAULT_TENANT) === tenant && first.trigger.session !== undefined ? scopedRunOf(runId, events) : undefined;
  const place = await findAsked(deps, tenant, runId);
  const asked = place === undefined ? undefined : await readAsked(deps, place, place.n);
  if (place === undefined || asked === undefined) return undefined;
  if (asked.ended !== null) return withoutJournal(place, asked);
  if (await isToCome(deps, place)) return withoutJournal(place, asked);
  // Its turn came since the journal was looked for, or it was removed.
  const later = await deps.log.read(runId, 0);
  return later.length === 0 ? endedMeanwhile(deps, place) : scopedRunOf(runId, later);
}

export interface ListSessionRuns {
  readonly tenant: string;
  /** Of all sessions when left out. */
  readonly sessionId?: string;
  /** Of an earlier page. */
  readonly cursor?: string;
  /** 1 to 200, 20 when left out. */
  readonly limit?: number;
}

/** Runs of a session in the order they were submitted, or of all sessions by their ids; the newest first. Fails with `SESSION_NOT_FOUND`. */
export async function listSessionRuns(deps: ReadDeps, { tenant, sessionId, cursor, limit }: ListSessionRuns): Promise<Page<SessionRunView>> {
  const most = pageLimit(limit);
  const items: SessionRunView[] = [];
  for await (const run of scopedRuns(deps, { tenant, ...(sessionId === undefined ? {} : { sessionId }), ...(cursor === undefined ? {} : { after: cursor }) })) {
    const last = items.at(-1);
    if (items.length === most && last !== undefined) return { items, nextCursor: last.run_id };
    items.push(toView(run));
  }
  return { items };
}

export interface ScopedRuns {
  readonly tenant: string;
  readonly sessionId?: string;
  /** A run id: only those behind it. */
  readonly after?: string;
}

const PAGE = 50;

/** As `listSessionRuns`, one by one. What was removed with its journal is left out. */
export async function* scopedRuns(deps: ReadDeps, query: ScopedRuns): AsyncGenerator<ScopedRun> {
  for await (const runId of runIds(deps, query)) {
    const run = await readScopedRun(deps, { runId, tenant: query.tenant });
    if (run !== undefined) yield run;
  }
}

async function* runIds({ records, log }: ReadDeps, { tenant, sessionId, after: cursor }: ScopedRuns): AsyncGenerator<RunId> {
  if (cursor !== undefined && parseRunId(cursor) === undefined) throw new AppError('USAGE', { problem: `"${cursor}" is no cursor of a page` });
  const ref: SessionRef | undefined = sessionId === undefined ? undefined : { sessionId, tenant };
  if (ref !== undefined) await requireKept({ records, log }, ref);
  const prefix = ref === undefined ? `${tenant}/` : `${sessionKey(ref)}/`;
  const after = cursor === undefined ? undefined : ref === undefined ? prefix + cursor : await keyOf({ records }, ref, cursor);
  const each: EachRecord = { prefix, descending: true, pageSize: PAGE, ...(after === undefined ? {} : { after }) };
  if (ref === undefined) for await (const { key } of RUN_SESSION_KIND.each(records, each)) yield key.slice(prefix.length) as RunId;
  else for await (const { value } of SESSION_RUN_KIND.each(records, each)) yield value.runId;
}

/** What was refused or cancelled since it was looked at. */
async function endedMeanwhile(deps: Pick<EngineDeps, 'records'>, place: SessionRef & { readonly n: number }): Promise<ScopedRun | undefined> {
  const asked = await readAsked(deps, place, place.n);
  return asked === undefined || asked.ended === null ? undefined : withoutJournal(place, asked);
}

async function keyOf(deps: Pick<EngineDeps, 'records'>, ref: SessionRef, runId: string): Promise<string> {
  const place = await findAsked(deps, ref.tenant, runId);
  if (place?.sessionId !== ref.sessionId) throw new AppError('USAGE', { problem: `"${runId}" is no cursor of a page` });
  return sessionRunKey(ref, place.n);
}

/** Whether the turn of something that has no journal is still to come: else it had one, and that was removed. */
export async function isToCome(deps: Pick<EngineDeps, 'records'>, place: SessionRef & { readonly n: number }): Promise<boolean> {
  const kept = await findSession(deps, place);
  if (kept === undefined) return false;
  const { active, queue } = kept.value;
  return active?.n === place.n ? !active.made : queue.some(({ n }) => n === place.n);
}

function withoutJournal({ sessionId }: SessionRef, { runId, workflowId, inputs, metadata, mark, at, ended }: StoredSessionRun): ScopedRun {
  return {
    runId,
    sessionId,
    agentId: agentOf(sessionId),
    parentRunId: null,
    isSidechain: false,
    workflowId,
    workflowDigest: null,
    status: ended?.status ?? 'queued',
    inputs,
    outputs: {},
    error: ended?.error ?? null,
    metadata: mark === null ? metadata : { ...metadata, [FLOW_KEY]: mark },
    createdAt: at,
    startedAt: null,
    finishedAt: ended?.at ?? null,
    tasks: [],
    prompts: [],
    childRunIds: [],
    tools: [],
    phases: [],
    artifacts: [],
  };
}

function toView(run: ScopedRun): SessionRunView {
  const view = toSessionRunView(run);
  if (view === null) throw new AppError('RUN_NOT_FOUND', { id: run.runId });
  return view;
}
