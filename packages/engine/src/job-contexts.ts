import type { JsonObject, PlannedJob, RunState } from '@kb-labs/contracts';
import { endedNeed, needsContext, runContexts, strategyContexts } from '@kb-labs/resolver';

import { evaluateEnv } from './evaluate-env.js';

/** What the expressions of a job can read before its steps add to it. */
export function jobContexts(state: RunState, planned: PlannedJob, more: { callbackUrl?: () => string } = {}): JsonObject {
  const job = state.jobs.get(planned.key);
  if (job === undefined) throw new Error(`the state of ${state.id} lacks the job ${planned.key}`);
  const total = job.combination === undefined ? 1 : (state.jobs.get(job.combination.of)?.matrix?.total ?? 1);
  const around = runContexts(state);
  const base: JsonObject = {
    ...around,
    ...(more.callbackUrl === undefined ? {} : { run: withAddress(around['run'] as JsonObject, more.callbackUrl) }),
    needs: needsContext(planned, (key) => endedNeed(state, key)),
    ...strategyContexts(planned, job, total),
  };
  const env = evaluateEnv(evaluateEnv({}, state.plan.env, base), planned.env, base);
  return { ...base, env };
}

/** The address costs a key and a digest: it is made for those who read it. */
function withAddress(run: JsonObject, callbackUrl: () => string): JsonObject {
  return Object.defineProperty({ ...run }, 'callbackUrl', { enumerable: true, get: callbackUrl });
}
