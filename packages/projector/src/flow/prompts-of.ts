import { type ApprovalWait, type JsonObject, type PromptView, type RunEvent, type RunState, type StepAnswer } from '@kb-labs/contracts';

import { promptIdOf, taskIdOf } from './view-ids.js';

/** Somebody was asked: an approval, or with a `form` a question. Times are ms since the epoch. */
export interface ScopedPrompt {
  readonly id: string;
  readonly kind: 'approval' | 'question';
  readonly taskId: string;
  readonly step: string;
  readonly wait: ApprovalWait;
  readonly status: PromptView['status'];
  readonly askedAt: number;
  readonly resolvedAt: number | null;
  readonly resolvedBy: string | null;
  readonly comment: string | null;
  readonly answer: JsonObject | null;
}

type Draft = { -readonly [Key in keyof ScopedPrompt]: ScopedPrompt[Key] };

/** All that was asked in the course of a run, in that order, and what became of it. */
export function promptsOf(state: RunState, events: readonly RunEvent[]): ScopedPrompt[] {
  const all: Draft[] = [];
  const open = new Map<string, Draft>();
  const asked = new Map<string, number>();
  for (const event of events) {
    if (event.type === 'run.cancel_requested') cancelAll(open.values(), event.at);
    if (event.type === 'job.cancel_requested' || event.type === 'job.finished') {
      const ofJob = taskIdOf(state.id, event.job);
      cancelAll([...open.values()].filter(({ taskId }) => taskId === ofJob), event.at);
    }
    if (event.type !== 'step.waiting' && event.type !== 'step.answered' && event.type !== 'step.finished') continue;
    const place = `${event.job} ${event.step}`;
    const prompt = open.get(place);
    if (event.type === 'step.waiting') {
      // A wait that goes on is said again.
      if (event.wait.kind !== 'approval' || prompt !== undefined) continue;
      const nth = (asked.get(place) ?? 0) + 1;
      asked.set(place, nth);
      const made = toPrompt(state.id, event, { wait: event.wait, nth });
      open.set(place, made);
      all.push(made);
    } else if (prompt !== undefined) {
      if (event.type === 'step.answered') resolve(prompt, event.answer, event.at);
      else {
        if (prompt.status === 'pending') close(prompt, event);
        open.delete(place);
      }
    }
  }
  return all;
}

function toPrompt(runId: string, event: RunEvent & { type: 'step.waiting' }, { wait, nth }: { wait: ApprovalWait; nth: number }): Draft {
  const { job, step, at } = event;
  return {
    id: promptIdOf(runId, { job, step, nth }),
    kind: wait.form === undefined ? 'approval' : 'question',
    taskId: taskIdOf(runId, job),
    step,
    wait,
    status: 'pending',
    askedAt: at,
    resolvedAt: null,
    resolvedBy: null,
    comment: null,
    answer: null,
  };
}

function resolve(prompt: Draft, answer: StepAnswer, at: number): void {
  if (answer.kind !== 'approval') return;
  prompt.status = answer.decision === 'rejected' ? 'denied' : prompt.kind === 'question' ? 'answered' : 'allowed';
  prompt.resolvedAt = at;
  prompt.resolvedBy = answer.by;
  prompt.comment = answer.comment ?? null;
  prompt.answer = answer.data ?? null;
}

/** What is being cancelled waits for nobody any more, although its step ends later. A wait that begins after that, to clean up, goes on. */
function cancelAll(prompts: Iterable<Draft>, at: number): void {
  for (const prompt of prompts) {
    if (prompt.status !== 'pending') continue;
    prompt.status = 'cancelled';
    prompt.resolvedAt = at;
  }
}

function close(prompt: Draft, event: RunEvent & { type: 'step.finished' }): void {
  prompt.status = event.error?.code === 'APPROVAL_EXPIRED' ? 'expired' : 'cancelled';
  prompt.resolvedAt = event.at;
}
