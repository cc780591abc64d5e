import { EVIDENCE_KINDS, type EvidenceRef, type FlowView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { toFlowView } from '@kb-labs/projector';

import { evidenceChanges } from './evidence-changes.js';
import { flowChange, type FlowDeps, type FlowRef, type KeptFlow, readEvidence, requireFlow } from './flow-record.js';
import { isPartOf } from './parts-of-flow.js';
import { readFlow, readSource } from './read-flow.js';

export interface AddEvidence extends FlowRef {
  readonly evidenceRefs: readonly EvidenceRef[];
  readonly by: string;
}

/**
 * Adds evidence to a flow, all of it or none. What is there already is left as it is, so a retry changes nothing; `repeated` says that nothing was new.
 * Nothing is ever taken away. Fails with `FLOW_NOT_FOUND`, with `EVIDENCE_NOT_IN_FLOW` for what names something that the flow does not have, with
 * `EVIDENCE_CONFLICT` for what is there with another description, and with `USAGE` when there would be too much of it.
 */
export async function addEvidence(deps: FlowDeps, { id, tenant, evidenceRefs, by }: AddEvidence): Promise<{ readonly flow: FlowView; readonly repeated: boolean }> {
  const ref: FlowRef = { id, tenant };
  if (evidenceRefs.length === 0) throw new AppError('USAGE', { problem: 'there is no evidence to add' });
  for (;;) {
    const kept = await requireFlow(deps, ref);
    const isOfFlow = await partsOf(deps, kept, evidenceRefs);
    const known = await readEvidence(deps, ref);
    const { changes } = await evidenceChanges(ref, evidenceRefs, { at: deps.clock.now(), by, known, isOfFlow });
    if (changes.length === 0) return { flow: await readFlow(deps, ref), repeated: true };
    // With the record, so that two at once do not add more than there can be.
    const counted = { ...kept.value, evidence: known.length + changes.length };
    if (await deps.records.write([flowChange(counted, kept.version), ...changes])) return { flow: await readFlow(deps, ref), repeated: false };
  }
}

/** Runs are read only for what names something of them. */
async function partsOf(deps: FlowDeps, kept: KeptFlow, refs: readonly EvidenceRef[]): Promise<(ref: EvidenceRef) => boolean> {
  if (!refs.some(({ kind }) => (EVIDENCE_KINDS as readonly string[]).includes(kind))) return () => false;
  const source = await readSource(deps, kept);
  const view = toFlowView(source);
  return (ref) => isPartOf(ref, view, source.runs);
}
