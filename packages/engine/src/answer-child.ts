import { isTerminalJob, isTerminalRun, waitEndsAt, type RunState, type StepAnswer } from '@kb-labs/contracts';

import { answerStep } from './answer-step.js';
import type { Decider } from './decider.js';

/**
 * Tells the step that called a run how it ended. A step that does not wait for it, or not any more, is left alone: one that
 * was cancelled, or whose time had run out, ends by that and not by what became of the called run because of it.
 */
export async function answerChild(states: Decider, child: RunState): Promise<void> {
  const { parent } = child.trigger;
  const { status } = child;
  if (parent === undefined || !isTerminalRun(status)) return;
  const answer: StepAnswer = {
    kind: 'child',
    runId: child.id,
    status,
    outputs: child.outputs,
    ...(child.error === undefined ? {} : { error: child.error }),
  };
  await states.decide(parent.runId, (draft) => {
    if (isTerminalRun(draft.state.status)) return;
    const job = parent.job === undefined ? undefined : draft.state.jobs.get(parent.job);
    const step = job?.steps.find((one) => one.wait?.kind === 'child' && one.wait.runId === child.id && one.answer === undefined);
    if (job === undefined || step?.wait === undefined || isTerminalJob(job.status) || job.status === 'running') return;
    if (step.unwanted === true || (child.finishedAt ?? 0) >= (waitEndsAt(step.wait) ?? Number.POSITIVE_INFINITY)) return;
    answerStep(draft, job, step, answer);
  });
}
