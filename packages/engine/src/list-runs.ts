import { isTerminalRun, LIMITS, parseRunId, type Page, type RunId, type RunStatus, type RunSummary, type RunSummaryView, type Trigger } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { toRunSummaryView } from '@kb-labs/projector';
import type { RunQuery } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { pageLimit } from './page-limit.js';
import { NO_WORKER } from './read-run.js';

export interface ListRuns {
  /** Only of this tenant; of all when left out. */
  readonly tenant?: string;
  readonly workflowId?: string;
  readonly status?: RunStatus;
  /** Created at or after, in milliseconds since the epoch. */
  readonly since?: number;
  /** Created before, in milliseconds since the epoch. */
  readonly until?: number;
  readonly trigger?: Trigger['type'];
  readonly branch?: string;
  readonly actor?: string;
  /** In the id of the run or of its workflow, in the actor or the branch, in capitals or not. */
  readonly q?: string;
  /** Of an earlier page. */
  readonly cursor?: string;
  /** 1 to 200, 20 when left out. */
  readonly limit?: number;
}

export type ListRunsDeps = Pick<EngineDeps, 'catalog' | 'queue'>;

/** Rows that are read at once while they are looked through. */
const ROWS = 500;

/**
 * Runs, newest first. Reads summary rows only, never a journal. Tenant, workflow, status and times are found by an index; for the
 * rest a page looks through `LIMITS.runsLookedThrough` rows at most: it can be short, or empty, and go on all the same.
 */
export async function listRuns(deps: ListRunsDeps, query: ListRuns): Promise<Page<RunSummaryView>> {
  const { rows, next } = await findRuns(deps, query);
  const open = rows.filter((row) => !isTerminalRun(row.status)).map((row) => row.id as RunId);
  const served = open.length === 0 ? new Set<RunId>() : await deps.queue.served(open);
  const items = rows.map((row) =>
    toRunSummaryView(row, isTerminalRun(row.status) || served.has(row.id as RunId) ? undefined : NO_WORKER),
  );
  return { items, ...(next === undefined ? {} : { nextCursor: next }) };
}

/** `next` is the last run that was looked at, when there are more. */
async function findRuns({ catalog }: Pick<EngineDeps, 'catalog'>, query: ListRuns): Promise<{ rows: RunSummary[]; next?: string }> {
  const limit = pageLimit(query.limit);
  let before = query.cursor === undefined ? undefined : parseRunId(query.cursor);
  if (query.cursor !== undefined && before === undefined) throw new AppError('USAGE', { problem: `"${query.cursor}" is no cursor of a page` });
  const wanted = choiceOf(query);
  const most = wanted === undefined ? limit : LIMITS.runsLookedThrough;
  const found: RunSummary[] = [];
  for (let looked = 0; looked < most; ) {
    const size = Math.min(wanted === undefined ? limit : ROWS, most - looked);
    // One more than is looked at tells whether there are more.
    const rows = await catalog.listRuns({ ...indexed(query), limit: size + 1, ...(before === undefined ? {} : { before }) });
    for (const [index, row] of rows.slice(0, size).entries()) {
      looked += 1;
      before = row.id as RunId;
      if (wanted === undefined || wanted(row)) found.push(row);
      if (found.length === limit) return { rows: found, ...(index + 1 < rows.length ? { next: row.id } : {}) };
    }
    if (rows.length <= size) return { rows: found };
  }
  return { rows: found, ...(before === undefined ? {} : { next: before }) };
}

function indexed({ tenant, workflowId, status, since, until }: ListRuns): Omit<RunQuery, 'limit' | 'before'> {
  return {
    ...(tenant === undefined ? {} : { tenant }),
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(status === undefined ? {} : { status }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

/** What no index finds; `undefined`: every run will do. */
function choiceOf({ trigger, branch, actor, q }: ListRuns): ((run: RunSummary) => boolean) | undefined {
  if (q !== undefined && q.length > LIMITS.searchLength) throw new AppError('USAGE', { problem: `a text to search for has ${LIMITS.searchLength} characters at most` });
  if (trigger === undefined && branch === undefined && actor === undefined && (q === undefined || q === '')) return undefined;
  const text = q?.toLowerCase() ?? '';
  return (run) => {
    if (trigger !== undefined && run.trigger.type !== trigger) return false;
    if (branch !== undefined && run.trigger.branch !== branch) return false;
    if (actor !== undefined && run.trigger.actor !== actor) return false;
    return [run.id, run.workflowId, run.trigger.actor, run.trigger.branch ?? ''].some((part) => part.toLowerCase().includes(text));
  };
}
