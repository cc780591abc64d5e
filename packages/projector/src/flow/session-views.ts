import type { PromptView, SessionRunView, TaskView } from '@kb-labs/contracts';

import { toInstant } from '../to-instant.js';
import type { ScopedRun } from './scoped-run.js';
import { agentOf } from './view-ids.js';

/** A run of a session. `null` for one of none. */
export function toSessionRunView(run: ScopedRun): SessionRunView | null {
  if (run.sessionId === null) return null;
  const pending = run.prompts.filter(({ status }) => status === 'pending');
  return {
    run_id: run.runId,
    session_id: run.sessionId,
    agent_id: agentOf(run.sessionId),
    parent_run_id: run.parentRunId,
    workflow_id: run.workflowId,
    workflow_digest: run.workflowDigest,
    status: run.status,
    inputs: run.inputs,
    outputs: run.outputs,
    error: run.error,
    metadata: run.metadata,
    task_ids: run.tasks.map(({ taskId }) => taskId),
    child_run_ids: run.childRunIds,
    pending_approval_ids: pending.filter(({ kind }) => kind === 'approval').map(({ id }) => id),
    pending_question_ids: pending.filter(({ kind }) => kind === 'question').map(({ id }) => id),
    submitted_at: toInstant(run.createdAt),
    started_at: instantOrNull(run.startedAt),
    finished_at: instantOrNull(run.finishedAt),
  };
}

export function toTaskViews(run: ScopedRun): TaskView[] {
  const { runId, sessionId } = run;
  if (sessionId === null) return [];
  return run.tasks.map((task) => ({
    task_id: task.taskId,
    run_id: runId,
    session_id: sessionId,
    agent_id: agentOf(sessionId),
    job: task.job,
    status: task.status,
    exit_code: task.exitCode,
    terminal_reason: task.terminalReason,
    attempt: task.attempt,
    outputs: task.outputs,
    error: task.error,
    started_at: instantOrNull(task.startedAt),
    finished_at: instantOrNull(task.finishedAt),
  }));
}

/** Approvals or questions of a run, those that are over among them. */
export function toPromptViews(run: ScopedRun, kind: 'approval' | 'question'): PromptView[] {
  const { runId, sessionId } = run;
  if (sessionId === null) return [];
  return run.prompts
    .filter((prompt) => prompt.kind === kind)
    .map(({ id, taskId, step, wait, status, askedAt, resolvedAt, resolvedBy, comment, answer }) => ({
      id,
      run_id: runId,
      session_id: sessionId,
      task_id: taskId,
      step,
      title: wait.title,
      instructions: wait.instructions ?? null,
      context: wait.context ?? null,
      form: wait.form ?? null,
      subject: wait.subject,
      status,
      asked_at: toInstant(askedAt),
      expires_at: instantOrNull(wait.expiresAt ?? null),
      resolved_at: instantOrNull(resolvedAt),
      resolved_by: resolvedBy,
      comment,
      answer,
    }));
}

function instantOrNull(at: number | null): string | null {
  return at === null ? null : toInstant(at);
}
