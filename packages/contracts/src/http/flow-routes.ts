import * as z from 'zod/mini';

import { type ContractItemView, type EvidenceView, FLOW_RULES, FLOW_STATUSES, type FlowPins, type FlowView, type OutputRefView, type PhaseStateView, startFlowSchema, type ToolUseView } from '../flow.js';
import { LIMITS } from '../limits.js';
import { evidenceRefSchema, RELEASE_STATES, requiredEvidenceSchema } from '../playbook.js';
import { runEventSchema } from './follow-schemas.js';
import type { RouteSpec } from './route-spec.js';
import { instant, jsonObject, schemaOf, wholeNumber, wirePageOf } from './schema-of.js';

const text = z.string();
const texts = z.array(text);
const textOrNull = z.nullable(text);
const ofFlow = z.strictObject({ id: text });
const paged = { cursor: z.exactOptional(text), limit: z.exactOptional(wholeNumber(1, 200)) };

const evidenceSchema = schemaOf<EvidenceView>()(z.extend(evidenceRefSchema, { basis: z.enum(['known', 'attestation']), at: instant, by: text }));
const contractItem = schemaOf<ContractItemView>()(z.extend(requiredEvidenceSchema, { phase_id: textOrNull, satisfied: z.boolean(), evidence_ids: texts }));
const toolUse = schemaOf<ToolUseView>()(z.strictObject({ tool: text, run_id: text, task_id: text, step: text }));

const phaseState = schemaOf<PhaseStateView>()(
  z.strictObject({
    phase_id: text,
    objective: text,
    status: z.enum(['pending', 'running', 'waiting', 'completed', 'failed', 'cancelled']),
    acceptance_criteria: texts,
    missing_evidence: z.array(requiredEvidenceSchema),
  }),
);

const outputRef = schemaOf<OutputRefView>()(z.strictObject({ kind: z.enum(['outputs', 'artifact', 'log', 'events']), run_id: text, name: textOrNull, digest: textOrNull, href: text }));

const pinsSchema = schemaOf<FlowPins>()(
  z.strictObject({
    workflows: z.record(text, text),
    plugins: z.record(text, z.strictObject({ version: text, integrity: text })),
    images: z.record(text, text),
    llm: z.exactOptional(z.strictObject({ provider: z.exactOptional(text), model: z.exactOptional(text) })),
  }),
);

export const flowSchema = schemaOf<FlowView>()(
  z.strictObject({
    flow_id: text,
    status: z.enum(FLOW_STATUSES),
    reasons: z.array(z.strictObject({ rule: z.enum(FLOW_RULES), message: text, refs: texts })),
    playbook_ref: z.strictObject({ playbook_id: text, version: text, digest: text }),
    release_state_at_start: z.enum(RELEASE_STATES),
    session_id: text,
    run_id: textOrNull,
    workflow_id: text,
    inputs: jsonObject,
    metadata: jsonObject,
    agent_ids: texts,
    child_run_ids: texts,
    task_ids: texts,
    pending_approval_ids: texts,
    approval_ids: texts,
    pending_question_ids: texts,
    question_ids: texts,
    output_refs: z.array(outputRef),
    phase_states: z.array(phaseState),
    contract: z.strictObject({
      required_evidence: z.array(contractItem),
      missing_evidence: z.array(contractItem),
      acceptance_criteria: texts,
      preconditions: texts,
      tools: z.strictObject({ enforced: z.boolean(), used: texts, violations: z.array(toolUse) }),
    }),
    evidence_refs: z.array(evidenceSchema),
    pins: pinsSchema,
    cancel_requested: z.nullable(z.strictObject({ at: instant, by: text, reason: textOrNull })),
    created_at: instant,
    created_by: text,
  }),
);

/** Started playbooks: what they consist of is derived whenever it is asked for. */
export const FLOW_ROUTES = {
  startFlow: {
    method: 'POST',
    path: '/v1/flows',
    tag: 'flows',
    summary: 'Start a version of a playbook in a session',
    description: 'A flow is kept before its run is submitted. The same `flow_id` or `idempotency_key` with everything else the same is the same flow; with anything else it is refused.',
    access: 'run',
    body: startFlowSchema,
    recorded: ['flow_id', 'idempotency_key', 'playbook_ref', 'session_id'],
    idempotent: true,
    answers: [
      { status: 201, body: flowSchema, when: 'it is kept, and its run is submitted' },
      { status: 200, body: flowSchema, when: 'it was there' },
    ],
  },
  listFlows: { method: 'GET', path: '/v1/flows', tag: 'flows', summary: 'List flows, the newest first', access: 'read', query: z.strictObject(paged), answers: [{ status: 200, body: wirePageOf(flowSchema) }] },
  getFlow: { method: 'GET', path: '/v1/flows/:id', tag: 'flows', summary: 'Show a flow', access: 'read', params: ofFlow, answers: [{ status: 200, body: flowSchema }] },
  cancelFlow: {
    method: 'POST',
    path: '/v1/flows/:id/cancel',
    tag: 'flows',
    summary: 'Cancel a flow',
    description: 'Its root run is cancelled, and with it what that called.',
    access: 'run',
    params: ofFlow,
    body: z.strictObject({ reason: z.exactOptional(text.check(z.minLength(1), z.maxLength(1_024))) }),
    recorded: ['reason'],
    answers: [{ status: 200, body: flowSchema }],
  },
  streamFlow: {
    method: 'GET',
    path: '/v1/flows/:id/stream',
    tag: 'flows',
    summary: 'Follow the events of the root run of a flow',
    description: 'Server-sent events, unless JSON alone is accepted: then a page as `/v1/runs/:id/events` answers it.',
    access: 'read',
    params: ofFlow,
    query: z.strictObject({ after: z.exactOptional(text), limit: z.exactOptional(wholeNumber(1, 1_000)) }),
    answers: [{ status: 200, body: wirePageOf(runEventSchema) }],
    stream: runEventSchema,
  },
  addEvidence: {
    method: 'POST',
    path: '/v1/flows/:id/evidence',
    tag: 'flows',
    summary: 'Add evidence to a flow',
    description: 'What names something of the flow has to be there; any other kind is the word of whoever gives it. The same again changes nothing, and nothing is ever taken away.',
    access: 'run',
    params: ofFlow,
    body: z.strictObject({ evidence_refs: z.array(evidenceRefSchema).check(z.minLength(1), z.maxLength(LIMITS.flowEvidence)) }),
    recorded: ['evidence_refs'],
    answers: [{ status: 200, body: flowSchema }],
  },
  exportFlow: {
    method: 'GET',
    path: '/v1/flows/:id/export',
    tag: 'flows',
    summary: 'Answer with a flow as one document that can be checked without this installation',
    access: 'read',
    params: ofFlow,
    answers: [{ status: 200, body: jsonObject }],
  },
} as const satisfies Readonly<Record<string, RouteSpec>>;
