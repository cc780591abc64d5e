import * as z from 'zod/mini';

import { type AgentView, type PromptView, SESSION_RUN_STATUSES, type SessionRunView, type SessionView, TASK_STATUSES, type TaskView } from '../session.js';
import { runErrorSchema } from './run-schemas.js';
import { instant, json, jsonObject, schemaOf } from './schema-of.js';

const text = z.string();
const textOrNull = z.nullable(text);
const instantOrNull = z.nullable(instant);
const texts = z.array(text);
const standing = z.enum(['idle', 'busy', 'ended']);

export const PROMPT_STATUSES = ['pending', 'allowed', 'denied', 'answered', 'expired', 'cancelled'] as const satisfies readonly PromptView['status'][];

export const sessionSchema = schemaOf<SessionView>()(
  z.strictObject({
    session_id: text,
    kind: z.enum(['session', 'sidechain']),
    title: textOrNull,
    status: standing,
    agent_id: text,
    parent: z.nullable(z.strictObject({ session_id: text, run_id: text, task_id: text })),
    active_run_id: textOrNull,
    queued_run_ids: texts,
    metadata: jsonObject,
    created_at: instant,
    created_by: text,
    ended_at: instantOrNull,
  }),
);

export const sessionRunSchema = schemaOf<SessionRunView>()(
  z.strictObject({
    run_id: text,
    session_id: text,
    agent_id: text,
    parent_run_id: textOrNull,
    workflow_id: text,
    workflow_digest: textOrNull,
    status: z.enum(SESSION_RUN_STATUSES),
    inputs: jsonObject,
    outputs: jsonObject,
    error: z.nullable(runErrorSchema),
    metadata: jsonObject,
    task_ids: texts,
    child_run_ids: texts,
    pending_approval_ids: texts,
    pending_question_ids: texts,
    submitted_at: instant,
    started_at: instantOrNull,
    finished_at: instantOrNull,
  }),
);

export const agentSchema = schemaOf<AgentView>()(
  z.strictObject({ agent_id: text, session_id: text, kind: z.enum(['root', 'sidechain']), spawned_by_run_id: textOrNull, status: standing, active_run_id: textOrNull }),
);

export const taskSchema = schemaOf<TaskView>()(
  z.strictObject({
    task_id: text,
    run_id: text,
    session_id: text,
    agent_id: text,
    job: text,
    status: z.enum(TASK_STATUSES),
    exit_code: z.nullable(z.number()),
    terminal_reason: textOrNull,
    attempt: z.int(),
    outputs: jsonObject,
    error: z.nullable(runErrorSchema),
    started_at: instantOrNull,
    finished_at: instantOrNull,
  }),
);

export const promptSchema = schemaOf<PromptView>()(
  z.strictObject({
    id: text,
    run_id: text,
    session_id: text,
    task_id: text,
    step: text,
    title: text,
    instructions: textOrNull,
    context: json,
    form: z.nullable(jsonObject),
    subject: text,
    status: z.enum(PROMPT_STATUSES),
    asked_at: instant,
    expires_at: instantOrNull,
    resolved_at: instantOrNull,
    resolved_by: textOrNull,
    comment: textOrNull,
    answer: z.nullable(jsonObject),
  }),
);
