import type { EvidenceView, FlowRecord, FlowView, OutputRefView, PlaybookManifest, StoredEvidence } from '@kb-labs/contracts';

import { toInstant } from '../to-instant.js';
import { contractOf, enforcedViolations, evidenceMetAt, missingEvidence } from './flow-contract.js';
import { phaseStatesOf } from './flow-phases.js';
import { type FlowFacts, judgeFlow } from './flow-rules.js';
import { scopeOf } from './flow-scope.js';
import type { ScopedRun } from './scoped-run.js';
import { settledAt } from './settled-at.js';

export interface FlowSource {
  readonly record: FlowRecord;
  readonly evidence: readonly StoredEvidence[];
  readonly manifest: PlaybookManifest;
  /** Whether its run was submitted to its session. */
  readonly submission: FlowFacts['submission'];
  /** Those that may belong to it, in any order; one that waits in the line of its session is among them. */
  readonly runs: readonly ScopedRun[];
}

/** What the status of a flow is made of. */
export function factsOfFlow({ record, evidence, manifest, submission, runs: all }: FlowSource): FlowFacts {
  const missing = missingEvidence(manifest, evidence);
  const metAt = evidenceMetAt(manifest, evidence);
  const factsOf = (runs: readonly ScopedRun[]): FlowFacts => ({
    record,
    // A run that is there was submitted, whatever was seen of that.
    submission: runs.length > 0 ? 'submitted' : submission,
    runs,
    missing,
    violations: enforcedViolations(manifest, runs),
  });
  return factsOf(scopeOf(record.runId, all, (some) => settledAt(factsOf(some), metAt)));
}

/** A flow as it stands. The same for the same record, evidence and runs, in whatever order they are given. */
export function toFlowView(source: FlowSource): FlowView {
  const { record, manifest, submission } = source;
  const evidence = source.evidence.toSorted((a, b) => a.at - b.at || compare(a.kind, b.kind) || compare(a.id, b.id));
  const facts = factsOfFlow(source);
  const { runs } = facts;
  const { status, reasons } = judgeFlow(facts);
  const [root, ...children] = runs;
  const prompts = runs.flatMap((run) => run.prompts);
  const idsOf = (kind: 'approval' | 'question', pending: boolean): string[] => prompts.filter((one) => one.kind === kind && (one.status === 'pending') === pending).map(({ id }) => id);
  return {
    flow_id: record.flowId,
    status,
    reasons,
    playbook_ref: record.playbook,
    release_state_at_start: record.releaseState,
    session_id: record.sessionId,
    run_id: root?.runId ?? (submission === 'submitted' ? record.runId : null),
    workflow_id: record.workflowId,
    inputs: record.inputs,
    metadata: record.metadata,
    agent_ids: [...new Set(runs.flatMap(({ agentId }) => agentId ?? []))],
    child_run_ids: children.map(({ runId }) => runId),
    task_ids: runs.flatMap(({ tasks }) => tasks.map(({ taskId }) => taskId)),
    pending_approval_ids: idsOf('approval', true),
    approval_ids: idsOf('approval', false),
    pending_question_ids: idsOf('question', true),
    question_ids: idsOf('question', false),
    output_refs: runs.flatMap(outputRefs),
    phase_states: phaseStatesOf(manifest, runs, evidence),
    contract: contractOf(manifest, runs, evidence),
    evidence_refs: evidence.map(toEvidenceView),
    pins: record.pins,
    cancel_requested: record.cancel === undefined ? null : { at: toInstant(record.cancel.at), by: record.cancel.by, reason: record.cancel.reason ?? null },
    created_at: toInstant(record.createdAt),
    created_by: record.createdBy,
  };
}

function outputRefs(run: ScopedRun): OutputRefView[] {
  const runs = '/api/v1/workflows/runs';
  const base = { run_id: run.runId, name: null, digest: null };
  // It waits in the line of its session: there is nothing to read yet.
  if (run.workflowDigest === null) return [];
  return [
    { ...base, kind: 'outputs', href: `/v1/runs/${run.runId}` },
    { ...base, kind: 'events', href: `/v1/runs/${run.runId}/events` },
    { ...base, kind: 'log', href: `${runs}/${run.runId}/logs` },
    ...run.artifacts.map(({ name, digest, job, step }): OutputRefView => {
      const full = step === null ? name : `${job}/${step}/${name}`;
      return { ...base, kind: 'artifact', name: full, digest, href: `${runs}/${run.runId}/artifacts/${encodeURIComponent(full)}` };
    }),
  ];
}

function toEvidenceView({ at, ...evidence }: StoredEvidence): EvidenceView {
  return { ...evidence, at: toInstant(at) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
