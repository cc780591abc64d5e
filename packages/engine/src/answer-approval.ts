import { isTerminalRun, type ApprovalWait, type JobState, type JsonObject, type JsonValue, type Page, type RunState, type RunView, type StepAnswer, type StepState } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { toRunView } from '@kb-labs/projector';

import { answerStep, canBeAnswered } from './answer-step.js';
import type { EngineDeps } from './deps.js';
import { findStep } from './find-step.js';
import { readRunState, toKnownRunId, withWorkerNote } from './read-run.js';
import { withoutSecrets } from './read-secrets.js';
import type { DecideDeps } from './decider.js';
import { pageLimit } from './page-limit.js';
import { RunStates } from './run-states.js';
import { refuseLarge } from './send-signal.js';
import { refuseReserved } from './sessions/refuse-reserved.js';

export interface AnswerApproval {
  readonly runId: string;
  /** `<step>`, or `<job>/<step>` where several jobs have one. */
  readonly step: string;
  readonly decision: 'approved' | 'rejected';
  /** Who decides. */
  readonly by: string;
  readonly comment?: string;
  /** The answers of the form. */
  readonly data?: JsonObject;
  /** Digest of what was seen; left out, it is what is to be approved now. */
  readonly subject?: string;
  /** Only while it is this try that waits; left out, whichever does. */
  readonly asked?: { readonly attempt: number; readonly stepAttempt: number; readonly iteration: number };
}

/**
 * Decides a waiting approval. Of two that decide at once one does, and the other is told.
 * Fails with `RUN_NOT_FOUND`, `STEP_NOT_FOUND`, `NOT_WAITING`, `APPROVER_NOT_ALLOWED`, `APPROVAL_CHANGED`, `FORM_INVALID`, or
 * with `INPUT_INVALID` when the answers are too large, and with `RESERVED_KEY`.
 */
export async function answerApproval(deps: DecideDeps & Pick<EngineDeps, 'queue' | 'checkSchema' | 'secrets'>, asked: AnswerApproval): Promise<RunView> {
  const runId = toKnownRunId(asked.runId);
  refuseReserved({ data: asked.data });
  refuseLarge({ data: asked.data ?? null, comment: asked.comment ?? null });
  const states = new RunStates(deps);
  const command: AnswerApproval = { ...asked, ...(await withoutSecrets(deps, states, runId, said(asked))) };
  const decided = await states.decide(runId, (draft) => {
    const { state } = draft;
    const { job, step } = findStep(state, command.step, (one) => one.status === 'waiting_approval');
    const { wait } = step;
    if (isTerminalRun(state.status) || wait?.kind !== 'approval' || !canBeAnswered(job, step, draft.at) || !isAsked(command, job, step)) {
      throw new AppError('NOT_WAITING', { step: command.step });
    }
    answerStep(draft, job, step, toAnswer(deps, { state, wait, command, at: draft.at }));
  });
  if (!decided.ok) throw new AppError(decided.refused === 'absent' ? 'RUN_NOT_FOUND' : 'NOT_WAITING', { id: runId, step: command.step });
  return withWorkerNote(deps, decided.state);
}

function isAsked({ asked }: AnswerApproval, job: JobState, step: StepState): boolean {
  return asked === undefined || (asked.attempt === job.attempt && asked.stepAttempt === step.attempt && asked.iteration === step.iteration);
}

/** What whoever decides writes. */
function said({ comment, data }: AnswerApproval): { comment?: string; data?: JsonObject } {
  return { ...(comment === undefined ? {} : { comment }), ...(data === undefined ? {} : { data }) };
}

function toAnswer(
  deps: Pick<EngineDeps, 'checkSchema'>,
  { state, wait, command, at }: { state: RunState; wait: ApprovalWait; command: AnswerApproval; at: number },
): StepAnswer {
  const { decision, by, comment, data } = command;
  if (command.subject !== undefined && command.subject !== wait.subject) throw new AppError('APPROVAL_CHANGED');
  if (wait.approvers !== undefined && !wait.approvers.includes(by)) {
    throw new AppError('APPROVER_NOT_ALLOWED', { by, problem: `it is for ${wait.approvers.join(' or ')}` });
  }
  if (decision === 'approved' && wait.preventSelfApproval === true && state.trigger.actor === by) {
    throw new AppError('APPROVER_NOT_ALLOWED', { by, problem: 'whoever started the run cannot approve it' });
  }
  // A form is filled in by those who approve; a rejection needs no answers.
  if (wait.form === undefined && data !== undefined) throw new AppError('FORM_INVALID', { problem: 'there is no form' });
  const problem = wait.form === undefined || decision === 'rejected' ? undefined : deps.checkSchema(wait.form, data ?? {});
  if (problem !== undefined) throw new AppError('FORM_INVALID', { problem });
  return {
    kind: 'approval',
    decision,
    by,
    at,
    subject: wait.subject,
    ...(comment === undefined ? {} : { comment }),
    ...(data === undefined ? {} : { data }),
  };
}

/** A decision that somebody is waited for. Times are ISO 8601 in UTC. */
export interface PendingApproval {
  readonly runId: string;
  readonly workflowId: string;
  readonly job: string;
  readonly step: string;
  readonly title: string;
  readonly instructions: string | null;
  readonly context: JsonValue;
  readonly approvers: readonly string[] | null;
  /** Whoever started the run may not approve. */
  readonly preventSelfApproval?: true;
  readonly form: JsonObject | null;
  readonly subject: string;
  readonly since: string;
  readonly expiresAt: string | null;
}

/** What waits for a decision, the oldest first. `limit` is 1 to 200, 20 when left out. */
export async function listApprovals(
  deps: Pick<EngineDeps, 'catalog' | 'log'>,
  query: { readonly tenant?: string; readonly limit?: number; readonly cursor?: string },
): Promise<Page<PendingApproval>> {
  const limit = pageLimit(query.limit);
  const after = query.cursor === undefined ? undefined : Number(query.cursor);
  if (after !== undefined && !Number.isSafeInteger(after)) throw new AppError('USAGE', { problem: `"${String(query.cursor)}" is no cursor of a page` });
  const waits = await deps.catalog.listWaits({ kind: 'approval', limit: limit + 1, ...(query.tenant === undefined ? {} : { tenant: query.tenant }), ...(after === undefined ? {} : { after }) });
  const items: PendingApproval[] = [];
  for (const wait of waits.slice(0, limit)) {
    const state = await readRunState(deps, wait.runId);
    if (query.tenant !== undefined && state.tenant !== query.tenant) continue;
    const run = toRunView(state);
    const shown = run.jobs.find((job) => job.key === wait.job)?.steps.find((step) => step.id === wait.step)?.waitsFor;
    // It can have been decided since the list was read.
    if (shown?.kind !== 'approval') continue;
    const { kind: _kind, ...approval } = shown;
    items.push({ runId: run.id, workflowId: run.workflowId, job: wait.job, step: wait.step, ...approval, since: new Date(wait.since).toISOString() });
  }
  const last = waits[limit - 1];
  return { items, ...(waits.length > limit && last !== undefined ? { nextCursor: String(last.cursor) } : {}) };
}
