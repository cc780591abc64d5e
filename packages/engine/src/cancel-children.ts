import type { RunId, RunState } from '@kb-labs/contracts';
import { isTerminalJob, isTerminalRun } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';

import { decideCancel } from './decide-cancel.js';
import type { EngineDeps } from './deps.js';
import { readRunState } from './read-run.js';
import type { Decider } from './decider.js';

/** Cancels a run that a step called, once. One that has ended, or was never created, is fine. */
export async function cancelChild(states: Decider, runId: RunId, by: string): Promise<void> {
  try {
    await states.decide(runId, (draft) => {
      if (isTerminalRun(draft.state.status) || draft.state.cancel !== undefined) return;
      decideCancel(draft, { by, note: 'the step that called it has ended' });
    });
  } catch (thrown) {
    if (!hasCode(thrown, 'RUN_NOT_FOUND')) throw thrown;
  }
}

/**
 * Cancels a run whose caller does not wait for it: it was created by a worker that had lost the calling job by then, or
 * whoever should have cancelled it died. One that goes by itself is left alone.
 */
export async function cancelIfUnwanted(deps: Pick<EngineDeps, 'log'>, states: Decider, runId: RunId): Promise<void> {
  const [started] = await deps.log.read(runId, 0, 1);
  const parent = started?.type === 'run.started' ? started.trigger.parent : undefined;
  if (parent?.waits !== true) return;
  const caller = await readRunState(deps, parent.runId);
  const step = parent.job === undefined ? undefined : caller.jobs.get(parent.job)?.steps.find((one) => one.id === parent.step);
  const wanted = !isTerminalRun(caller.status) && step?.child === runId && !isTerminalJob(step.status);
  if (!wanted) await cancelChild(states, runId, parent.runId);
}

/** Cancels every run that steps of a run had called and waited for. */
export async function cancelChildren(states: Decider, state: RunState): Promise<void> {
  const detached = new Set(state.plan.jobs.flatMap((job) => job.steps.filter((step) => step.detach === true).map((step) => `${job.key}/${step.id}`)));
  for (const job of state.jobs.values()) {
    for (const step of job.steps) {
      if (step.child === undefined || detached.has(`${job.combination?.of ?? job.key}/${step.id}`)) continue;
      await cancelChild(states, step.child, state.id);
    }
  }
}
