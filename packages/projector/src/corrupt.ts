import type { RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

/** A journal that no correct writer can have made. */
export function corrupt(runId: RunId, problem: string): AppError {
  return new AppError('STATE_CORRUPT', { problem: `the journal of ${runId} has ${problem}` });
}
