import type { Hook, JsonObject, Reason } from '@kb-labs/contracts';

import type { EarlierResult } from './ended-steps.js';
import type { StepDecision, StepSituation } from './step-situation.js';
import { stopReason } from './stop-reason.js';

/**
 * What keeps a step of a hook after the job's own steps from running: an outcome the hook is not for, a cancellation, or
 * an earlier step of the same hook that failed. `post` is for every outcome and stops at nothing.
 */
export function decideHook(at: StepSituation, hook: Exclude<Hook, 'pre'>): StepDecision | undefined {
  if (hook === 'post') return undefined;
  const failed = at.ended.failedOf('main');
  if (hook === 'on-success') {
    if (failed !== undefined) return skip('it is for success, and the step', failed);
    if (at.timedOut === true) return { run: false, status: 'skipped', reason: { rule: 'timeout', message: 'the time of the job ran out' } };
  } else if (failed === undefined && at.timedOut !== true) {
    return { run: false, status: 'skipped', reason: { rule: 'hook', message: 'it is for failures, and no step failed', values: conclusionsOf(at.ended.main) } };
  }
  if (at.cancelled) return { run: false, status: 'cancelled', reason: stopReason(at.state, at.job.key) };
  const earlier = at.ended.failedOf(hook);
  return earlier === undefined ? undefined : skip('its hook was over when the step', earlier);
}

function skip(what: string, { id, result }: EarlierResult): StepDecision {
  const reason: Reason = { rule: 'hook', message: `${what} ${id} failed`, values: { [`steps.${id}.conclusion`]: result } };
  return { run: false, status: 'skipped', reason };
}

const SHOWN_STEPS = 20;

function conclusionsOf(steps: readonly EarlierResult[]): JsonObject {
  return Object.fromEntries(steps.slice(0, SHOWN_STEPS).map(({ id, result }) => [`steps.${id}.conclusion`, result]));
}
