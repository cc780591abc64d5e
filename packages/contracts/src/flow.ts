import * as z from 'zod/mini';

import type { JsonObject } from './json.js';
import { LIMITS } from './limits.js';
import type { LlmChoice } from './llm.js';
import { evidenceRefSchema, type EvidenceRef, type PlaybookRef, playbookRefSchema, type ReleaseState, type RequiredEvidence } from './playbook.js';
import { type FlowMark, OWN_ID } from './session.js';
import { submitInputSchema } from './session-schema.js';

export const FLOW_STATUSES = ['pending', 'running', 'waiting', 'interrupted', 'succeeded', 'failed', 'cancelled', 'unknown'] as const;
export type FlowStatus = (typeof FLOW_STATUSES)[number];

export const startFlowSchema = z.strictObject({
  flow_id: z.optional(z.string().check(z.regex(OWN_ID))),
  idempotency_key: z.optional(z.string().check(z.minLength(1), z.maxLength(LIMITS.idempotencyKeyLength))),
  playbook_ref: playbookRefSchema,
  session_id: z.string().check(z.regex(OWN_ID)),
  /** `workflow_id` may be left out where the playbook names one. */
  request: z.extend(submitInputSchema, { workflow_id: z.optional(submitInputSchema.shape.workflow_id) }),
  metadata: z.optional(z.record(z.string(), z.json())),
  evidence_refs: z.optional(z.array(evidenceRefSchema).check(z.maxLength(LIMITS.flowEvidence))),
});
export type StartFlowRequest = z.infer<typeof startFlowSchema>;

/** What a flow was allowed to run when it started: a change of any of it is refused. */
export interface FlowPins {
  /** By id, the digests of the workflow and of all that it can call. */
  readonly workflows: Readonly<Record<string, string>>;
  /** By name. */
  readonly plugins: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>;
  /** By reference as written. */
  readonly images: Readonly<Record<string, string>>;
  /** The language model that `ctx.llm` asks, by the defaults of the playbook. Absent: that of the installation. */
  readonly llm?: LlmChoice;
}

/** What is stored of a flow: correlation, never a status. Times are ms since the epoch. */
export interface FlowRecord {
  readonly flowId: string;
  readonly tenant: string;
  readonly playbook: PlaybookRef;
  /** Of the version when the flow started. */
  readonly releaseState: ReleaseState;
  readonly sessionId: string;
  /** Reserved before the run is submitted. */
  readonly runId: string;
  readonly mark: FlowMark;
  readonly idempotencyKey?: string;
  /** Of all that a retry has to repeat to the letter. */
  readonly requestDigest: string;
  readonly workflowId: string;
  readonly inputs: JsonObject;
  readonly requestMetadata: JsonObject;
  readonly metadata: JsonObject;
  readonly pins: FlowPins;
  readonly createdAt: number;
  readonly createdBy: string;
  /** Asked for before the run was submitted, or handed to the run. */
  readonly cancel?: { readonly at: number; readonly by: string; readonly reason?: string };
}

export interface StoredEvidence extends EvidenceRef {
  /** `known`: it names something of the flow. `attestation`: somebody's word. */
  readonly basis: 'known' | 'attestation';
  readonly at: number;
  readonly by: string;
}

export interface EvidenceView extends EvidenceRef {
  readonly basis: 'known' | 'attestation';
  readonly at: string;
  readonly by: string;
}

/** The rules by which a flow has its status, in the order they are asked. */
export const FLOW_RULES = [
  'cancelled-before-run',
  'no-run',
  'root-missing',
  'run-failed',
  'task-failed',
  'tool-policy',
  'run-cancelled',
  'task-cancelled',
  'waiting',
  'running',
  'root-interrupted',
  'child-interrupted',
  'evidence-missing',
  'succeeded',
] as const;
export type FlowRule = (typeof FLOW_RULES)[number];

export interface FlowReasonView {
  readonly rule: FlowRule;
  readonly message: string;
  /** What the rule found: ids of runs, tasks, approvals, questions; kinds of evidence; tools. */
  readonly refs: readonly string[];
}

export interface ContractItemView extends RequiredEvidence {
  /** `null`: of the playbook as a whole. */
  readonly phase_id: string | null;
  readonly satisfied: boolean;
  /** What satisfies it. */
  readonly evidence_ids: readonly string[];
}

export interface ToolUseView {
  /** `shell`, or what the step `uses`. */
  readonly tool: string;
  readonly run_id: string;
  readonly task_id: string;
  readonly step: string;
}

export interface FlowContractView {
  readonly required_evidence: readonly ContractItemView[];
  readonly missing_evidence: readonly ContractItemView[];
  readonly acceptance_criteria: readonly string[];
  readonly preconditions: readonly string[];
  readonly tools: { readonly enforced: boolean; readonly used: readonly string[]; readonly violations: readonly ToolUseView[] };
}

export interface PhaseStateView {
  readonly phase_id: string;
  readonly objective: string;
  /** By the steps of the scoped runs that name the phase; of a phase without steps by its evidence. */
  readonly status: 'pending' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled';
  readonly acceptance_criteria: readonly string[];
  readonly missing_evidence: readonly RequiredEvidence[];
}

/** Where something that a run has left can be read. */
export interface OutputRefView {
  readonly kind: 'outputs' | 'artifact' | 'log' | 'events';
  readonly run_id: string;
  readonly name: string | null;
  readonly digest: string | null;
  /** The route that answers with it. */
  readonly href: string;
}

/** A flow: derived from its record and its runs whenever it is read. */
export interface FlowView {
  readonly flow_id: string;
  readonly status: FlowStatus;
  /** Why. The first is the rule that decided; others that hold as well follow. */
  readonly reasons: readonly FlowReasonView[];
  readonly playbook_ref: PlaybookRef;
  readonly release_state_at_start: ReleaseState;
  readonly session_id: string;
  readonly run_id: string | null;
  readonly workflow_id: string;
  readonly inputs: JsonObject;
  readonly metadata: JsonObject;
  readonly agent_ids: readonly string[];
  readonly child_run_ids: readonly string[];
  readonly task_ids: readonly string[];
  readonly pending_approval_ids: readonly string[];
  readonly approval_ids: readonly string[];
  readonly pending_question_ids: readonly string[];
  readonly question_ids: readonly string[];
  readonly output_refs: readonly OutputRefView[];
  readonly phase_states: readonly PhaseStateView[];
  readonly contract: FlowContractView;
  readonly evidence_refs: readonly EvidenceView[];
  readonly pins: FlowPins;
  readonly cancel_requested: { readonly at: string; readonly by: string; readonly reason: string | null } | null;
  readonly created_at: string;
  readonly created_by: string;
}
