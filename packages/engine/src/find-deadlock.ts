import type { RunState } from '@kb-labs/contracts';
import type { ClaimOwner, OpenClaim } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { readRunState } from './read-run.js';

/** Who stands before a run or its job in a group and cannot end before it: its own run, a run that called it, or the job of one that did. */
export async function findDeadlock(
  deps: Pick<EngineDeps, 'log'>,
  run: Pick<RunState, 'id' | 'trigger'>,
  claim: Pick<OpenClaim, 'ahead'>,
): Promise<ClaimOwner | undefined> {
  if (claim.ahead.length === 0) return undefined;
  const waiting = await thoseWhoWaitFor(deps, run);
  return claim.ahead.find((owner) => waiting.some((one) => one.runId === owner.runId && (owner.job === null || owner.job === one.job)));
}

/** From the run itself upwards, as long as the run above waits for the one below. */
async function thoseWhoWaitFor(deps: Pick<EngineDeps, 'log'>, run: Pick<RunState, 'id' | 'trigger'>): Promise<ClaimOwner[]> {
  const waiting: ClaimOwner[] = [{ runId: run.id, job: null }];
  for (let above = run.trigger.parent; above?.waits === true; above = (await readRunState(deps, above.runId)).trigger.parent) {
    waiting.push({ runId: above.runId, job: above.job ?? null });
  }
  return waiting;
}
