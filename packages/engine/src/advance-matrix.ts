import { isTerminalJob, toCombinationKey, type Reason } from '@kb-labs/contracts';
import { matrixEnd, plannedJob, releasable, releasedBy } from '@kb-labs/resolver';

import { releaseJob } from './release-job.js';
import { cancelJob } from './cancel-job.js';
import type { RunDraft } from './run-draft.js';

/** Hands out the first combinations of a job that has just become them. Answers which ended at once. */
export function releaseCombinations(draft: RunDraft, job: string): string[] {
  return releasable(draft.state, job).filter((key) => !releaseJob(draft, key));
}

/**
 * What follows for a matrix from the end of one of its combinations: the others are cancelled when it must fail fast, the
 * next one is handed out, and with the last one its job ends. Answers the jobs that ended by it.
 */
export function advanceMatrix(draft: RunDraft, key: string): string[] {
  const of = draft.state.jobs.get(key)?.combination?.of;
  const matrix = of === undefined ? undefined : draft.state.jobs.get(of)?.matrix;
  if (of === undefined || matrix === undefined) return [];
  const ended = matrix.failed === key && plannedJob(draft.state, of)?.strategy?.failFast === true ? failFast(draft, of, key) : [];
  const nth = draft.endsOfCombinations.get(key);
  const next = nth === undefined ? undefined : releasedBy(draft.state, of, nth);
  if (next !== undefined && !releaseJob(draft, next)) ended.push(next);
  // Of many that end at once, the first to be looked at ends the job.
  if (isTerminalJob(draft.state.jobs.get(of)?.status ?? 'queued')) return ended;
  const end = matrixEnd(draft.state, of);
  if (end === undefined) return ended;
  draft.add({
    type: 'job.finished',
    job: of,
    attempt: 1,
    status: end.status,
    outputs: end.outputs,
    ...(end.error === undefined ? {} : { error: end.error }),
    ...(end.reason === undefined ? {} : { reason: end.reason }),
  });
  return [...ended, of];
}

function failFast(draft: RunDraft, of: string, failed: string): string[] {
  const reason: Reason = { rule: 'fail-fast', message: `${failed} failed`, values: { [`${failed}.status`]: 'failed' } };
  const total = draft.state.jobs.get(of)?.matrix?.total ?? 0;
  const ended: string[] = [];
  for (let n = 1; n <= total; n += 1) {
    const key = toCombinationKey(of, n);
    if (key !== failed && cancelJob(draft, key, reason)) ended.push(key);
  }
  return ended;
}
