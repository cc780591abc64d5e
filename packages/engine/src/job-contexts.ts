import type { JsonObject, PlannedJob, RunState } from '@kb-labs/contracts';
import { endedNeed, needsContext, runContexts, strategyContexts } from '@kb-labs/resolver';

import { evaluateEnv } from './evaluate-env.js';
import { referencesContext } from './read-secrets.js';

interface MoreContexts {
  readonly callbackUrl?: () => string;
  /** The `secrets` of the job's own `env`. Left out: what stands for them, and what is evaluated can be kept and compared. */
  readonly secrets?: JsonObject;
}

/** What the expressions of a job can read before its steps add to it. */
export function jobContexts(state: RunState, planned: PlannedJob, more: MoreContexts = {}): JsonObject {
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
  const outer = evaluateEnv({}, state.plan.env, base);
  if (planned.secrets === undefined) return { ...base, env: evaluateEnv(outer, planned.env, base) };
  const withSecrets = { ...base, secrets: more.secrets ?? referencesContext(planned.secrets) };
  // What is made of a secret can fail with what stands for it: only the steps that are given the value tell whether it does.
  const options = more.secrets === undefined ? { inPlaceOf: (name: string) => `*** (env.${name})` } : {};
  return { ...withSecrets, env: evaluateEnv(outer, planned.env, withSecrets, options) };
}

/** The address costs a key and a digest: it is made for those who read it. */
function withAddress(run: JsonObject, callbackUrl: () => string): JsonObject {
  return Object.defineProperty({ ...run }, 'callbackUrl', { enumerable: true, get: callbackUrl });
}
