import { randomUUID } from 'node:crypto';

import { type EvidenceRef, type FlowPins, type FlowRecord, type FlowView, type JsonValue, LIMITS, OWN_ID, type PlaybookManifest, type Role, type StartFlowRequest } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { RecordChange } from '@kb-labs/ports';

import { planWorkflow } from '../plan-workflow.js';
import { requireStartable } from '../playbooks/require-startable.js';
import { resolvePins } from '../playbooks/reach.js';
import { refuseReserved } from '../sessions/refuse-reserved.js';
import { refuseLargeSubmission, SESSION_KEY_KIND, sessionKey } from '../sessions/session-record.js';
import { requireKept } from '../sessions/sidechain.js';
import { checkedKey } from '../start-run.js';
import { carryOn } from './carry-on.js';
import { evidenceChanges } from './evidence-changes.js';
import { digestOf, findFlow, FLOW_KEY_KIND, FLOW_PLAYBOOK_KIND, flowChange, type FlowDeps, type FlowRef, type KeptFlow, openChange, type StoredFlow } from './flow-record.js';
import { readFlow } from './read-flow.js';
import { recoverFlows } from './recover-flows.js';
import { requireInputs, requireScopes } from './require-scopes.js';

export interface StartFlow {
  readonly request: StartFlowRequest;
  readonly by: string;
  readonly tenant: string;
  /** Of who asks: a playbook can require that they may do something. */
  readonly role: Role;
}

export interface StartedFlow {
  readonly flow: FlowView;
  /** The id or the key was known: this is the flow it made then. */
  readonly repeated: boolean;
}

/** So many of those that a crash has left are looked after by whoever starts another one. */
const RECOVERED = 20;

/**
 * Starts a version of a playbook in a session. Everything is checked before anything is kept; the flow is kept before its run is submitted, and when this
 * resolves its run is, or will be whoever dies. A retry is the same flow when it repeats everything, whatever became of the playbook since. Fails with
 * `RESERVED_KEY`, `FLOW_CONFLICT`, `FLOW_INPUT_MISSING`, `FLOW_SCOPE_MISSING`, as `requireStartable`, `planWorkflow` and `resolvePins` do, with
 * `SESSION_NOT_FOUND`, `SESSION_ENDED`, `SESSION_FULL`, `IDEMPOTENCY_CONFLICT` for the key of its run, `EVIDENCE_NOT_IN_FLOW` or `EVIDENCE_CONFLICT`.
 */
export async function startFlow(deps: FlowDeps, command: StartFlow): Promise<StartedFlow> {
  const { tenant } = command;
  const asked = await readRequest(command);
  await recoverFlows(deps, { tenant, limit: RECOVERED });
  const before = await findKnown(deps, asked);
  if (before !== undefined) return answer(deps, before, true);
  const prepared = await prepare(deps, command, asked);
  const { record } = prepared.value;
  while (!(await deps.records.write([...recordChanges(prepared.value, asked), ...prepared.evidence]))) {
    const known = await findKnown(deps, asked);
    if (known !== undefined) return answer(deps, known, true);
  }
  return answer(deps, { id: record.flowId, tenant }, false);
}

async function answer(deps: FlowDeps, ref: FlowRef, repeated: boolean): Promise<StartedFlow> {
  await carryOn(deps, ref);
  return { flow: await readFlow(deps, ref), repeated };
}

/** What was asked for, whoever asks. */
interface Asked {
  readonly tenant: string;
  readonly id: string | undefined;
  readonly key: string | undefined;
  readonly keyDigest: string | undefined;
  /** Digests by field: what a retry has to repeat. */
  readonly fields: Readonly<Record<string, string>>;
  readonly requestDigest: string;
}

async function readRequest({ request, tenant }: StartFlow): Promise<Asked> {
  const { flow_id: id, session_id, playbook_ref, metadata = {}, evidence_refs = [] } = request;
  const { workflow_id, inputs = {}, metadata: ofRun = {}, idempotency_key } = request.request;
  refuseReserved({ metadata, 'request.inputs': inputs, 'request.metadata': ofRun });
  if (id !== undefined && !OWN_ID.test(id)) throw new AppError('USAGE', { problem: 'the id of a flow is 1 to 128 letters, digits and "._-", and begins with a letter or digit' });
  const key = checkedKey(request.idempotency_key);
  const values: Readonly<Record<string, JsonValue>> = {
    flow_id: id ?? null,
    idempotency_key: key ?? null,
    'playbook_ref.playbook_id': playbook_ref.playbook_id,
    'playbook_ref.version': playbook_ref.version,
    'playbook_ref.digest': playbook_ref.digest,
    session_id,
    'request.workflow_id': workflow_id ?? null,
    'request.inputs': inputs,
    'request.metadata': ofRun,
    'request.idempotency_key': checkedKey(idempotency_key) ?? null,
    metadata,
    evidence_refs: evidence_refs.map(({ kind, id: of, description }): JsonValue => ({ kind, id: of, ...(description === undefined ? {} : { description }) })),
  };
  refuseLargeSubmission(values, 'what the flow is started with');
  const digests = await Promise.all(Object.entries(values).map(async ([field, value]) => [field, await digestOf(field, value)] as const));
  return { tenant, id, key, keyDigest: key === undefined ? undefined : await digestOf('flow-key', key), fields: Object.fromEntries(digests), requestDigest: await digestOf('start-flow', values) };
}

/** The flow that the same request made before. Fails with `FLOW_CONFLICT`, which names what is different, when it was another one. */
async function findKnown(deps: FlowDeps, { tenant, id, keyDigest, fields, requestDigest }: Asked): Promise<FlowRef | undefined> {
  const named = keyDigest === undefined ? undefined : await FLOW_KEY_KIND.get(deps.records, `${tenant}/${keyDigest}`);
  const ids = [id, ...(named === undefined ? [] : [named.value.id])];
  let known: FlowRef | undefined;
  for (const one of ids) {
    const found: KeptFlow | undefined = one === undefined ? undefined : await findFlow(deps, { id: one, tenant });
    if (found === undefined) continue;
    const { record, fields: before } = found.value;
    const field = Object.keys(fields).find((name) => before[name] !== fields[name]);
    if (field !== undefined || record.requestDigest !== requestDigest) throw new AppError('FLOW_CONFLICT', { id: record.flowId, field: field ?? 'request' });
    known = { id: record.flowId, tenant };
  }
  return known;
}

/** All checks, in the order in which they are told, and then what will be kept. */
async function prepare(deps: FlowDeps, { request, by, tenant, role }: StartFlow, asked: Asked): Promise<{ readonly value: StoredFlow; readonly evidence: readonly RecordChange[] }> {
  const { playbook_ref: playbook, session_id: sessionId, metadata = {}, evidence_refs: refs = [] } = request;
  const { inputs = {}, metadata: requestMetadata = {}, idempotency_key: runKey } = request.request;
  const { manifest, state: releaseState } = await requireStartable(deps, playbook, tenant);
  requireInputs(manifest, inputs);
  await requireScopes(deps, manifest, role);
  const workflowId = chooseWorkflow(manifest, request);
  await planWorkflow(deps, { workflowId, input: inputs });
  const pins: FlowPins = { ...(await resolvePins(deps, workflowId)), ...llmOf(manifest) };
  await requireRoom(deps, { sessionId, tenant, runKey });
  const flowId = asked.id ?? deps.ids.flowId();
  const { playbook_id, version, digest } = playbook;
  const createdAt = deps.clock.now();
  const record: FlowRecord = {
    flowId,
    tenant,
    playbook: { playbook_id, version, digest },
    releaseState,
    sessionId,
    runId: deps.ids.runId(),
    mark: { flow_id: flowId, playbook_id, version, digest, nonce: randomUUID() },
    ...(asked.key === undefined ? {} : { idempotencyKey: asked.key }),
    requestDigest: asked.requestDigest,
    workflowId,
    inputs,
    requestMetadata,
    metadata,
    pins,
    createdAt,
    createdBy: by,
  };
  const evidence = await firstEvidence(record, refs);
  return { value: { record, runKey: runKey ?? null, fields: asked.fields, evidence: evidence.length }, evidence };
}

/** What its steps ask, when the playbook says so. */
function llmOf({ runtime_defaults: { provider, model } = {} }: PlaybookManifest): Pick<FlowPins, 'llm'> {
  if (provider === undefined && model === undefined) return {};
  return { llm: { ...(provider === undefined ? {} : { provider }), ...(model === undefined ? {} : { model }) } };
}

function chooseWorkflow({ playbook_id: id, runtime_defaults }: PlaybookManifest, { request }: StartFlowRequest): string {
  const chosen = request.workflow_id ?? runtime_defaults?.workflow_id;
  if (chosen === undefined) throw new AppError('FLOW_INPUT_MISSING', { id, inputs: 'request.workflow_id' }, { hint: 'the playbook names no workflow: say which one to run' });
  return chosen;
}

/** That its session is there and takes another run, and that the key of the run is not taken. */
async function requireRoom(deps: FlowDeps, { sessionId, tenant, runKey }: { sessionId: string; tenant: string; runKey: string | undefined }): Promise<void> {
  const ref = { sessionId, tenant };
  const { value } = await requireKept(deps, ref);
  if (value.ended !== null) throw new AppError('SESSION_ENDED', { id: sessionId });
  if (value.queue.length >= LIMITS.sessionQueue) throw new AppError('SESSION_FULL', { id: sessionId, limit: LIMITS.sessionQueue });
  if (runKey === undefined) return;
  // Whatever run it was given to: that run is not the one of a new flow.
  const taken = await SESSION_KEY_KIND.get(deps.records, `${sessionKey(ref)}/${await digestOf('session-key', runKey)}`);
  if (taken !== undefined) throw new AppError('IDEMPOTENCY_CONFLICT', { key: runKey });
}

/** Before there are runs, what can be named of a flow is the flow. */
async function firstEvidence(record: FlowRecord, refs: readonly EvidenceRef[]): Promise<RecordChange[]> {
  const { tenant, flowId: id, createdAt: at, createdBy: by } = record;
  const { changes } = await evidenceChanges({ id, tenant }, refs, { at, by, known: [], isOfFlow: (ref) => ref.kind === 'flow' && ref.id === id });
  return changes;
}

function recordChanges(value: StoredFlow, { keyDigest }: Asked): RecordChange[] {
  const { tenant, flowId: id, playbook } = value.record;
  return [
    flowChange(value, 0),
    openChange(value.record, true),
    FLOW_PLAYBOOK_KIND.put(`${tenant}/${playbook.playbook_id}/${playbook.version}/${id}`, null),
    ...(keyDigest === undefined ? [] : [FLOW_KEY_KIND.put(`${tenant}/${keyDigest}`, { id }, { expected: 0 })]),
  ];
}
