import { isTerminalRun, parseRunId, type Page, type RunId, type RunStatus, type RunSummaryView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { toRunSummaryView } from '@kb-labs/projector';

import type { EngineDeps } from './deps.js';
import { NO_WORKER } from './read-run.js';

export interface ListRuns {
  /** Only of this tenant; of all when left out. */
  readonly tenant?: string;
  readonly workflowId?: string;
  readonly status?: RunStatus;
  /** Created at or after, in milliseconds since the epoch. */
  readonly since?: number;
  /** Of an earlier page. */
  readonly cursor?: string;
  /** 1 to 200, 20 when left out. */
  readonly limit?: number;
}

/** Runs, newest first. Reads summary rows only, never a journal. */
export async function listRuns(deps: Pick<EngineDeps, 'catalog' | 'queue'>, query: ListRuns): Promise<Page<RunSummaryView>> {
  const limit = query.limit ?? 20;
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new AppError('USAGE', { problem: 'a limit is a whole number from 1 to 200' });
  const before = query.cursor === undefined ? undefined : parseRunId(query.cursor);
  if (query.cursor !== undefined && before === undefined) throw new AppError('USAGE', { problem: `"${query.cursor}" is no cursor of a page` });
  const rows = await deps.catalog.listRuns({
    limit: limit + 1,
    ...(query.tenant === undefined ? {} : { tenant: query.tenant }),
    ...(query.workflowId === undefined ? {} : { workflowId: query.workflowId }),
    ...(query.status === undefined ? {} : { status: query.status }),
    ...(query.since === undefined ? {} : { since: query.since }),
    ...(before === undefined ? {} : { before }),
  });
  const page = rows.slice(0, limit);
  const open = page.filter((row) => !isTerminalRun(row.status)).map((row) => row.id as RunId);
  const served = open.length === 0 ? new Set<RunId>() : await deps.queue.served(open);
  const items = page.map((row) =>
    toRunSummaryView(row, isTerminalRun(row.status) || served.has(row.id as RunId) ? undefined : NO_WORKER),
  );
  const last = page.at(-1);
  return { items, ...(rows.length > limit && last !== undefined ? { nextCursor: last.id } : {}) };
}
