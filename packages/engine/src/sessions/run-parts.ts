import { type Page, parseRunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { ScopedRun } from '@kb-labs/projector';

import type { EngineDeps } from '../deps.js';
import { pageLimit } from '../page-limit.js';
import { readScopedRun, requireScopedRun, scopedRuns } from './read-session-run.js';

export interface ListRunParts {
  readonly tenant: string;
  /** Only of this run. */
  readonly runId?: string;
  /** Only of the runs of this session. */
  readonly sessionId?: string;
  /** Of an earlier page. */
  readonly cursor?: string;
  /** 1 to 200, 20 when left out. */
  readonly limit?: number;
}

/** Runs that one page looks at: one that finds little in them says where to go on. */
const RUNS = 200;

/**
 * What runs of sessions consist of, the newest runs first, and of each in its order. `partsOf` gives what is shown of a run; ids of parts begin
 * with the id of their run and a point. A page can have fewer than were asked for and another one behind it.
 */
export async function listRunParts<Part>(
  deps: Pick<EngineDeps, 'records' | 'log'>,
  { tenant, runId, sessionId, cursor, limit }: ListRunParts,
  { partsOf, idOf }: { readonly partsOf: (run: ScopedRun) => readonly Part[]; readonly idOf: (part: Part) => string },
): Promise<Page<Part>> {
  const most = pageLimit(limit);
  const items: Part[] = [];
  const after = cursor === undefined ? undefined : placeOf(cursor);
  let runs = 0;
  for await (const run of source(deps, { tenant, runId, sessionId, after })) {
    runs += 1;
    const all = partsOf(run);
    const from = after?.part !== undefined && run.runId === after.runId ? all.findIndex((part) => idOf(part) === cursor) + 1 : 0;
    for (const part of all.slice(from)) {
      const last = items.at(-1);
      if (items.length === most && last !== undefined) return { items, nextCursor: idOf(last) };
      items.push(part);
    }
    if (runs === RUNS && runId === undefined) return { items, nextCursor: run.runId };
  }
  return { items };
}

interface Place {
  readonly runId: string;
  /** Absent: the whole run was shown. */
  readonly part?: string;
}

function placeOf(cursor: string): Place {
  const [runId = '', ...rest] = cursor.split('.');
  if (parseRunId(runId) === undefined) throw new AppError('USAGE', { problem: `"${cursor}" is no cursor of a page` });
  return rest.length === 0 ? { runId } : { runId, part: rest.join('.') };
}

async function* source(deps: Pick<EngineDeps, 'records' | 'log'>, { tenant, runId, sessionId, after }: { tenant: string; runId: string | undefined; sessionId: string | undefined; after: Place | undefined }): AsyncGenerator<ScopedRun> {
  if (runId !== undefined) {
    const run = await requireScopedRun(deps, { runId, tenant });
    if (sessionId === undefined || run.sessionId === sessionId) yield run;
    return;
  }
  const begun = after?.part === undefined ? undefined : await readScopedRun(deps, { runId: after.runId, tenant });
  if (begun !== undefined) yield begun;
  yield* scopedRuns(deps, { tenant, ...(sessionId === undefined ? {} : { sessionId }), ...(after === undefined ? {} : { after: after.runId }) });
}
