import type { Lease } from '@kb-labs/ports';
import { plannedJob } from '@kb-labs/resolver';

import type { Decider } from './decider.js';
import type { EngineDeps } from './deps.js';
import { cutStep, interruptionOf } from './interruption.js';
import { isPassing } from './passing.js';
import { closeAsQuarantined } from './quarantine.js';

/**
 * Gives a job back that its worker does not carry on. A step that it was in is over, and gets its outcome first: whoever takes the
 * job next cannot know whether the worker died. Fails while the state is away; repeating it is harmless.
 *
 * `workerLived`: nothing about the step was in the way. Otherwise the try counts like one that ended its worker, so that a step
 * that nobody gets past does not go on for ever. `goesOn`: the step does not stop, and its job stays with the worker for as long as its process lives.
 */
export async function giveBack(deps: Pick<EngineDeps, 'queue' | 'logger'>, states: Decider, lease: Lease, how: { workerLived: boolean; goesOn?: boolean }): Promise<void> {
  try {
    await recordCut(states, lease, how.workerLived);
  } catch (thrown) {
    if (isPassing(thrown)) throw thrown;
    deps.logger.warn('a step that was cut off keeps its place in the journal', { runId: lease.runId, job: lease.job, problem: String(thrown) });
  }
  if (how.goesOn !== true) await deps.queue.release([lease]);
}

async function recordCut(states: Decider, lease: Lease, workerLived: boolean): Promise<void> {
  await states.decide(
    lease.runId,
    (draft) => {
      const job = draft.state.jobs.get(lease.job);
      const planned = plannedJob(draft.state, lease.job);
      const cut = job === undefined || planned === undefined ? undefined : cutStep(job, planned);
      if (cut === undefined) return;
      const event = interruptionOf(cut, { now: draft.at, workerLived });
      if (event === undefined) closeAsQuarantined(draft);
      else draft.add(event);
    },
    { ticket: lease.id, token: lease.token },
  );
}
