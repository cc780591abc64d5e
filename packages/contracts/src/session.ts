import type { JsonObject, JsonValue } from './json.js';
import type { RunError } from './run-error.js';

/** The one key of metadata that only the daemon writes. */
export const FLOW_KEY = 'kheish_flow';

/** What the daemon writes under `FLOW_KEY`. A type and not an interface, so that it is a JSON object. */
export type FlowMark = {
  readonly flow_id: string;
  readonly playbook_id: string;
  readonly version: string;
  readonly digest: string;
  /** Made by the daemon, once for each flow: by it a run and its flow find each other again. */
  readonly nonce: string;
};

/** Of sessions and flows: what their owners choose. */
export const OWN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** In a run's `trigger`: the session it was submitted to, or that was made for it. */
export type TriggerSession = {
  readonly id: string;
  readonly metadata: JsonObject;
  /** Of a sidechain: the run that made it. */
  readonly spawnedBy?: string;
  /** When it was submitted, in ms since the epoch, which is earlier than its run when it had to wait. Absent: with its run. */
  readonly submittedAt?: number;
};

export const SESSION_RUN_STATUSES = ['queued', 'running', 'waiting_for_approval', 'waiting_for_user_question', 'completed', 'failed', 'interrupted', 'cancelled'] as const;
export type SessionRunStatus = (typeof SESSION_RUN_STATUSES)[number];

export const TASK_STATUSES = ['pending', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** A durable context in which one run goes on at a time. A sidechain is a session that a run has made for one that it called. */
export interface SessionView {
  readonly session_id: string;
  readonly kind: 'session' | 'sidechain';
  readonly title: string | null;
  readonly status: 'idle' | 'busy' | 'ended';
  readonly agent_id: string;
  readonly parent: { readonly session_id: string; readonly run_id: string; readonly task_id: string } | null;
  readonly active_run_id: string | null;
  readonly queued_run_ids: readonly string[];
  readonly metadata: JsonObject;
  readonly created_at: string;
  readonly created_by: string;
  readonly ended_at: string | null;
}

/** A run as its session sees it. */
export interface SessionRunView {
  readonly run_id: string;
  readonly session_id: string;
  readonly agent_id: string;
  readonly parent_run_id: string | null;
  readonly workflow_id: string;
  readonly workflow_digest: string | null;
  readonly status: SessionRunStatus;
  readonly inputs: JsonObject;
  readonly outputs: JsonObject;
  readonly error: RunError | null;
  readonly metadata: JsonObject;
  readonly task_ids: readonly string[];
  readonly child_run_ids: readonly string[];
  readonly pending_approval_ids: readonly string[];
  readonly pending_question_ids: readonly string[];
  readonly submitted_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

/** The executor identity of a session. */
export interface AgentView {
  readonly agent_id: string;
  readonly session_id: string;
  readonly kind: 'root' | 'sidechain';
  /** The run that made it. */
  readonly spawned_by_run_id: string | null;
  readonly status: 'idle' | 'busy' | 'ended';
  readonly active_run_id: string | null;
}

/** A job of a run of a session. */
export interface TaskView {
  readonly task_id: string;
  readonly run_id: string;
  readonly session_id: string;
  readonly agent_id: string;
  readonly job: string;
  readonly status: TaskStatus;
  /** Of its last script, when it has one that ended. */
  readonly exit_code: number | null;
  /** Why it ended as it did, or what it waits for. */
  readonly terminal_reason: string | null;
  readonly attempt: number;
  readonly outputs: JsonObject;
  readonly error: RunError | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

/** A step that waits, or waited, for a person: an approval, or with a `form` a question. */
export interface PromptView {
  /** Of an approval or a question. */
  readonly id: string;
  readonly run_id: string;
  readonly session_id: string;
  readonly task_id: string;
  readonly step: string;
  readonly title: string;
  readonly instructions: string | null;
  readonly context: JsonValue;
  readonly form: JsonObject | null;
  /** Sent back with a decision: what was seen is what is decided on. */
  readonly subject: string;
  readonly status: 'pending' | 'allowed' | 'denied' | 'answered' | 'expired' | 'cancelled';
  readonly asked_at: string;
  readonly expires_at: string | null;
  readonly resolved_at: string | null;
  readonly resolved_by: string | null;
  readonly comment: string | null;
  readonly answer: JsonObject | null;
}
