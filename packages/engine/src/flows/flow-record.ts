import { type FlowRecord, type JsonValue, OWN_ID, type RunId, type StoredEvidence } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { RecordChange } from '@kb-labs/ports';

import type { EngineDeps } from '../deps.js';
import { type Kept, RecordKind } from '../record-kind.js';
import type { SessionDeps } from '../sessions/advance-session.js';
import { findAsked, RUN_SESSION_KIND, runSessionKey } from '../sessions/session-record.js';

/** `<tenant>/<id>`: what is known of a flow that its runs do not say. */
export const FLOW_KIND = new RecordKind<StoredFlow>('flow');
/** `<tenant>/<digest of the caller's key>`: the flow that the key was given. */
export const FLOW_KEY_KIND = new RecordKind<{ readonly id: string }>('flow-key');
/** `<tenant>/<id>`: flows whose run is not submitted yet, or that are to be cancelled: what somebody has to carry on. */
export const FLOW_OPEN_KIND = new RecordKind<null>('flow-open');
/** `<tenant>/<playbook>/<version>/<id>`: the flows of a version. */
export const FLOW_PLAYBOOK_KIND = new RecordKind<null>('flow-playbook');
/** `<tenant>/<flow>/<kind>/<digest of the id>`: evidence, written once. */
export const EVIDENCE_KIND = new RecordKind<StoredEvidence>('flow-evidence');

export type FlowDeps = SessionDeps & Pick<EngineDeps, 'secrets' | 'services'>;

export interface FlowRef {
  readonly id: string;
  readonly tenant: string;
}

export interface StoredFlow {
  readonly record: FlowRecord;
  /** The key that its run is submitted with. */
  readonly runKey: string | null;
  /** Digests of what it was started with, by field: what a retry has to repeat. */
  readonly fields: Readonly<Record<string, string>>;
  /** How much evidence it has. */
  readonly evidence: number;
}

export type KeptFlow = Kept<StoredFlow>;

type RecordDeps = Pick<EngineDeps, 'records'>;

export const flowKey = ({ tenant, id }: FlowRef): string => `${tenant}/${id}`;

export async function findFlow({ records }: RecordDeps, ref: FlowRef): Promise<KeptFlow | undefined> {
  return OWN_ID.test(ref.id) ? FLOW_KIND.get(records, flowKey(ref)) : undefined;
}

/** Fails with `FLOW_NOT_FOUND`, also for a text that is no id. */
export async function requireFlow(deps: RecordDeps, ref: FlowRef): Promise<KeptFlow> {
  const found = await findFlow(deps, ref);
  if (found === undefined) throw new AppError('FLOW_NOT_FOUND', { id: ref.id });
  return found;
}

/** `expected`: the version that the change was decided on; 0 for a new one. */
export function flowChange(value: StoredFlow, expected: number): RecordChange {
  const { tenant, flowId } = value.record;
  return FLOW_KIND.put(flowKey({ tenant, id: flowId }), value, { expected });
}

export function openChange({ tenant, flowId }: FlowRecord, open: boolean): RecordChange {
  const key = flowKey({ tenant, id: flowId });
  return open ? FLOW_OPEN_KIND.put(key, null) : FLOW_OPEN_KIND.remove(key);
}

/**
 * Takes the id of a run that was never submitted, for good: sessions write the same record when they are asked for a run, once, so that of a submission
 * and this one only one can be. No session numbers anything 0.
 */
export function neverSubmitted({ tenant, runId, sessionId }: FlowRecord): RecordChange {
  return RUN_SESSION_KIND.put(runSessionKey(tenant, runId), { session: sessionId, n: 0 }, { expected: 0 });
}

/** Whether the run of a flow was submitted to its session; `never`: and will not be. */
export async function submissionOf(deps: RecordDeps, { tenant, runId, flowId }: Pick<FlowRecord, 'tenant' | 'runId' | 'flowId'>): Promise<'none' | 'submitted' | 'never'> {
  const place = await findAsked(deps, tenant, runId);
  if (place !== undefined) return place.n === 0 ? 'never' : 'submitted';
  if ((await FLOW_OPEN_KIND.get(deps.records, flowKey({ tenant, id: flowId }))) !== undefined) return 'none';
  // It is carried on no more: it was submitted, since it was looked for or so long ago that its session has forgotten.
  return 'submitted';
}

export async function readEvidence({ records }: RecordDeps, ref: FlowRef): Promise<StoredEvidence[]> {
  const found: StoredEvidence[] = [];
  for await (const { value } of EVIDENCE_KIND.each(records, { prefix: `${flowKey(ref)}/`, pageSize: 200 })) found.push(value);
  return found;
}

export async function evidenceKey(ref: FlowRef, { kind, id }: Pick<StoredEvidence, 'kind' | 'id'>): Promise<string> {
  return `${flowKey(ref)}/${kind}/${await digestOf('evidence', id)}`;
}

/** Fails with `INPUT_INVALID` for what has no canonical form: half of a character, or an integer that is not exact. */
export async function digestOf(type: string, value: JsonValue): Promise<string> {
  const { contentDigest } = await import('@kb-labs/digest');
  try {
    return contentDigest(type, value);
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    throw new AppError('INPUT_INVALID', { problem: thrown.message });
  }
}

export function rootOf({ runId }: Pick<FlowRecord, 'runId'>): RunId {
  return runId as RunId;
}
