import { parseRunId, type RunSummary } from '@kb-labs/contracts';
import type { EngineDeps } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

/** A run of a tenant. Another tenant's is not there: fails with `RUN_NOT_FOUND` like for an id that nobody has. */
export async function findRun({ catalog }: Pick<EngineDeps, 'catalog'>, id: string, tenant: string): Promise<RunSummary> {
  const runId = parseRunId(id);
  const run = runId === undefined ? undefined : await catalog.getRun(runId);
  if (run?.tenant !== tenant) throw new AppError('RUN_NOT_FOUND', { id });
  return run;
}
