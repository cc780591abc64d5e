import type { JsonObject, PromptView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { foldRun, parsePromptId } from '@kb-labs/projector';

import { answerApproval } from '../answer-approval.js';
import type { DecideDeps } from '../decider.js';
import type { EngineDeps } from '../deps.js';
import { toKnownRunId } from '../read-run.js';
import { type PromptKind, readPrompt } from './read-prompts.js';

export interface ResolvePrompt {
  readonly id: string;
  /** Anything else is not there. */
  readonly kind?: PromptKind;
  /** A question is answered by approving it with `data`. */
  readonly decision: 'approved' | 'rejected';
  readonly comment?: string;
  /** The answers of the form. */
  readonly data?: JsonObject;
  /** As it was shown; left out, it is what is asked for now. */
  readonly subject?: string;
  readonly by: string;
  readonly tenant: string;
}

/** Decides an approval or answers a question, this one and no later one of its step. Fails with `PROMPT_NOT_FOUND`, and as `answerApproval` does. */
export async function resolvePrompt(deps: DecideDeps & Pick<EngineDeps, 'queue' | 'checkSchema' | 'secrets' | 'records'>, command: ResolvePrompt): Promise<PromptView> {
  const { id, kind, decision, comment, data, subject, by, tenant } = command;
  const which = { id, tenant, ...(kind === undefined ? {} : { kind }) };
  const prompt = await readPrompt(deps, which);
  const place = parsePromptId(id);
  if (place === undefined) throw new AppError('PROMPT_NOT_FOUND', { id });
  if (prompt.status !== 'pending') throw new AppError('NOT_WAITING', { step: prompt.step });
  await answerApproval(deps, {
    runId: place.runId,
    step: `${place.job}/${place.step}`,
    decision,
    by,
    asked: await askedAt(deps, place),
    ...(comment === undefined ? {} : { comment }),
    ...(data === undefined ? {} : { data }),
    ...(subject === undefined ? {} : { subject }),
  });
  return readPrompt(deps, which);
}

/** In which try of its job and of its step the step asked for the nth time. */
async function askedAt({ log }: Pick<EngineDeps, 'log'>, { runId, job, step, nth }: { runId: string; job: string; step: string; nth: number }): Promise<{ readonly attempt: number; readonly stepAttempt: number; readonly iteration: number }> {
  const id = toKnownRunId(runId);
  const events = await log.read(id, 0);
  let count = 0;
  let open = false;
  for (const [index, event] of events.entries()) {
    if ((event.type !== 'step.waiting' && event.type !== 'step.finished') || event.job !== job || event.step !== step) continue;
    if (event.type === 'step.finished') open = false;
    if (event.type !== 'step.waiting' || event.wait.kind !== 'approval' || open) continue;
    open = true;
    count += 1;
    if (count !== nth) continue;
    const state = foldRun(id, events.slice(0, index + 1)).jobs.get(job)?.steps.find((one) => one.id === step);
    return { attempt: event.attempt, stepAttempt: event.stepAttempt, iteration: state?.iteration ?? 1 };
  }
  throw new AppError('PROMPT_NOT_FOUND', { id: `${runId}.${job}.${step}.${String(nth)}` });
}
