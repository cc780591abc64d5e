import { type JsonObject, LIMITS, type PlannedConcurrency } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { evaluateText } from '@kb-labs/expressions';

/** The name of a concurrency group with the values of a run. Fails with `EXPRESSION_FAILED` when it cannot be one. */
export function groupOf(concurrency: PlannedConcurrency, contexts: JsonObject): string {
  const group = evaluateText(concurrency.group, { contexts });
  const problem = group.trim() === '' ? 'empty' : group.length > LIMITS.groupNameLength ? `longer than ${LIMITS.groupNameLength} characters` : undefined;
  if (problem === undefined) return group;
  throw new AppError('EXPRESSION_FAILED', { problem: `the name of the concurrency group is ${problem}`, expression: concurrency.group });
}
