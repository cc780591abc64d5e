import { FLOW_KEY, type FlowRecord, isJsonObject, LIMITS } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { type FlowSource, isSettled, type ScopedRun, sidechainOf, toFlowView } from '@kb-labs/projector';

import type { EngineDeps } from '../deps.js';
import { readScopedRun } from '../sessions/read-session-run.js';
import { SESSION_RUN_KIND, sessionKey } from '../sessions/session-record.js';

type ReadDeps = Pick<EngineDeps, 'records' | 'log'>;

/**
 * All runs that can belong to a flow: the root, what it called in every generation, and what was submitted to the sessions made for
 * those. Of a session that is used again after the flow was settled no more is read than was there by then. Fails with `CHILD_LIMIT`
 * when there are more than a flow can have: what is not looked at could have failed.
 */
export async function gatherRuns(deps: ReadDeps, source: Omit<FlowSource, 'runs'>): Promise<ScopedRun[]> {
  const { record } = source;
  const { tenant } = record;
  const found = new Map<string, ScopedRun>();
  const root = await readScopedRun(deps, { runId: record.runId, tenant });
  if (root === undefined || !isOf(record, root)) return [];
  await addTree(deps, { tenant, found }, root);
  const sidechains = new Map<string, string | undefined>();
  for (let grew = true; grew; ) {
    grew = false;
    for (const { runId, isSidechain } of found.values()) if (isSidechain && !sidechains.has(sidechainOf(runId))) sidechains.set(sidechainOf(runId), undefined);
    const until = lastOfInterest(source, [...found.values()]);
    for (const [sessionId, after] of sidechains) {
      const { asked, last } = await nextAsked(deps, { tenant, sessionId, after, until });
      if (last !== undefined) sidechains.set(sessionId, last);
      for (const runId of asked) {
        grew = true;
        const run = found.has(runId) ? undefined : await readScopedRun(deps, { runId, tenant });
        if (run !== undefined) await addTree(deps, { tenant, found }, run);
      }
    }
  }
  return [...found.values()];
}

/** By the nonce: a run that somebody else made under this id is not the flow's. */
function isOf({ mark }: FlowRecord, { metadata }: ScopedRun): boolean {
  const found = metadata[FLOW_KEY];
  return isJsonObject(found) && found['nonce'] === mark.nonce;
}

async function addTree(deps: ReadDeps, { tenant, found }: { tenant: string; found: Map<string, ScopedRun> }, root: ScopedRun): Promise<void> {
  const open = [root];
  for (let run = open.shift(); run !== undefined; run = open.shift()) {
    if (found.size >= LIMITS.flowRuns) throw new AppError('CHILD_LIMIT', { problem: `a flow has at most ${String(LIMITS.flowRuns)} runs` });
    found.set(run.runId, run);
    for (const runId of run.childRunIds) {
      const child = found.has(runId) ? undefined : await readScopedRun(deps, { runId, tenant });
      // Only its caller says that it called; the called run has to agree.
      if (child?.parentRunId === run.runId) open.push(child);
    }
  }
}

/** What comes later than everything that can have settled the flow is not part of it. */
function lastOfInterest(source: Omit<FlowSource, 'runs'>, runs: readonly ScopedRun[]): number {
  if (!isSettled(toFlowView({ ...source, runs }).status)) return Number.POSITIVE_INFINITY;
  const ofRuns = runs.flatMap(({ finishedAt, createdAt, tasks, tools }) => [finishedAt ?? createdAt, ...tasks.map((task) => task.finishedAt ?? 0), ...tools.map(({ at }) => at)]);
  return [...ofRuns, ...source.evidence.map(({ at }) => at)].reduce((last, at) => Math.max(last, at), 0);
}

const PAGE = 20;

/** A page of what a session was asked for, the first first. `last`: where to go on. */
async function nextAsked(
  { records }: ReadDeps,
  { tenant, sessionId, after, until }: { tenant: string; sessionId: string; after: string | undefined; until: number },
): Promise<{ readonly asked: readonly string[]; readonly last: string | undefined }> {
  const found = await SESSION_RUN_KIND.list(records, { prefix: `${sessionKey({ tenant, sessionId })}/`, limit: PAGE, ...(after === undefined ? {} : { after }) });
  const late = found.findIndex(({ value }) => value.at > until);
  const early = late === -1 ? found : found.slice(0, late);
  return { asked: early.map(({ value }) => value.runId), last: early.at(-1)?.key };
}
