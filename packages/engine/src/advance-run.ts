import type { JsonObject, RunState } from '@kb-labs/contracts';
import { readyJobs, runContexts, type Readiness } from '@kb-labs/resolver';

import { advanceMatrix, releaseCombinations } from './advance-matrix.js';
import { finishRunIfDone } from './end-run.js';
import { evaluateEnv } from './evaluate-env.js';
import { releaseJob } from './release-job.js';
import type { RunDraft } from './run-draft.js';

/**
 * Adds everything that follows from jobs that ended in this draft: jobs that never run, combinations of matrices, tickets
 * for what can run now, and the end of the run when nothing is left. Left out: from the start of the run on.
 */
export function advanceRun(draft: RunDraft, ended?: readonly string[]): void {
  let after = ended;
  do {
    const { matrixLimit } = draft;
    const readiness = readyJobs(draft.state, {
      env: conditionEnv(draft.state),
      ...(after === undefined ? {} : { after }),
      ...(matrixLimit === undefined ? {} : { matrixLimit }),
    });
    const next = [...(after ?? []).flatMap((key) => advanceMatrix(draft, key)), ...settleJobs(draft, readiness)];
    // What ended in here was not looked at yet.
    after = next;
  } while (after.length > 0);
  finishRunIfDone(draft);
}

/** Adds the ends of jobs that never run and releases those that can. Answers which ended in the attempt. */
function settleJobs(draft: RunDraft, { ready, settled, expanded }: Readiness): string[] {
  const ended: string[] = [];
  for (const job of settled) {
    draft.add({
      type: 'job.finished',
      job: job.job,
      attempt: 1,
      status: job.status,
      outputs: {},
      ...(job.reason === undefined ? {} : { reason: job.reason }),
      ...(job.error === undefined ? {} : { error: job.error }),
    });
  }
  for (const { job, combinations } of expanded) {
    draft.add({ type: 'job.expanded', job, combinations });
    ended.push(...releaseCombinations(draft, job));
  }
  for (const job of ready) if (!releaseJob(draft, job)) ended.push(job);
  return ended;
}

/** The environment that job conditions read: the workflow's own. One that cannot be evaluated fails the job that asks for it. */
export function conditionEnv(state: RunState): JsonObject {
  if (Object.keys(state.plan.env).length === 0) return {};
  try {
    return evaluateEnv({}, state.plan.env, runContexts(state));
  } catch {
    return {};
  }
}
