import type { Page, PromptView, RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { parsePromptId, type ScopedRun, taskIdOf, toPromptViews } from '@kb-labs/projector';

import type { EngineDeps } from '../deps.js';
import { pageLimit } from '../page-limit.js';
import { readScopedRun } from './read-session-run.js';
import { listRunParts, type ListRunParts } from './run-parts.js';

type ReadDeps = Pick<EngineDeps, 'records' | 'log'>;

export type PromptKind = 'approval' | 'question';

export interface ListPrompts extends ListRunParts {
  readonly kind: PromptKind;
  /** `pending` of all runs looks at nothing but what waits. */
  readonly status?: PromptView['status'];
}

/**
 * What people were asked by runs of sessions: approvals, or questions. Those that wait, of all runs, come in the order they were asked; any others by their runs,
 * the newest first. Fails with `RUN_NOT_FOUND` or `SESSION_NOT_FOUND`.
 */
export async function listPrompts(deps: ReadDeps & Pick<EngineDeps, 'catalog'>, { kind, status, ...query }: ListPrompts): Promise<Page<PromptView>> {
  if (status === 'pending' && query.runId === undefined && query.sessionId === undefined) return listPending(deps, kind, query);
  const partsOf = (run: ScopedRun): PromptView[] => toPromptViews(run, kind).filter((prompt) => status === undefined || prompt.status === status);
  return listRunParts(deps, query, { partsOf, idOf: (prompt) => prompt.id });
}

/** An approval or a question, whatever became of it. Fails with `PROMPT_NOT_FOUND`. */
export async function readPrompt(deps: ReadDeps, { id, kind, tenant }: { readonly id: string; readonly kind?: PromptKind; readonly tenant: string }): Promise<PromptView> {
  const place = parsePromptId(id);
  const run = place === undefined ? undefined : await readScopedRun(deps, { runId: place.runId, tenant });
  const kinds: readonly PromptKind[] = kind === undefined ? ['approval', 'question'] : [kind];
  const prompt = run === undefined ? undefined : kinds.flatMap((one) => toPromptViews(run, one)).find((one) => one.id === id);
  if (prompt === undefined) throw new AppError('PROMPT_NOT_FOUND', { id });
  return prompt;
}

async function listPending(deps: ReadDeps & Pick<EngineDeps, 'catalog'>, kind: PromptKind, { tenant, cursor, limit }: ListRunParts): Promise<Page<PromptView>> {
  const most = pageLimit(limit);
  const after = cursor === undefined ? undefined : Number(cursor);
  if (after !== undefined && !Number.isSafeInteger(after)) throw new AppError('USAGE', { problem: `"${String(cursor)}" is no cursor of a page` });
  const waits = await deps.catalog.listWaits({ kind: 'approval', tenant, limit: most + 1, ...(after === undefined ? {} : { after }) });
  const runs = new Map<RunId, ScopedRun | undefined>();
  const items: PromptView[] = [];
  for (const { runId, job, step } of waits.slice(0, most)) {
    if (!runs.has(runId)) runs.set(runId, await readScopedRun(deps, { runId, tenant }));
    const run = runs.get(runId);
    const found = run === undefined ? [] : toPromptViews(run, kind);
    items.push(...found.filter((prompt) => prompt.status === 'pending' && prompt.task_id === taskIdOf(runId, job) && prompt.step === step));
  }
  const last = waits[most - 1];
  return { items, ...(waits.length > most && last !== undefined ? { nextCursor: String(last.cursor) } : {}) };
}
