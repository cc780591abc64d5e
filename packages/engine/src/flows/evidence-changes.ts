import { EVIDENCE_KINDS, type EvidenceRef, LIMITS, type StoredEvidence } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { RecordChange } from '@kb-labs/ports';

import { EVIDENCE_KIND, evidenceKey, type FlowRef } from './flow-record.js';

export interface GivenEvidence {
  readonly at: number;
  readonly by: string;
  /** What the flow has. */
  readonly known: readonly StoredEvidence[];
  /** Whether what is named, of a kind that the daemon knows, is there in the flow. */
  readonly isOfFlow: (ref: EvidenceRef) => boolean;
}

/**
 * The writes of what is new, all or nothing. What the flow has already is left as it is when the same is said of it; else this fails with
 * `EVIDENCE_CONFLICT`. Fails with `EVIDENCE_NOT_IN_FLOW`, and with `USAGE` when there would be too much of it.
 */
export async function evidenceChanges(flow: FlowRef, refs: readonly EvidenceRef[], { at, by, known, isOfFlow }: GivenEvidence): Promise<{ readonly changes: RecordChange[] }> {
  const before = new Map(known.map((one) => [nameOf(one), one.description]));
  const changes: RecordChange[] = [];
  for (const { kind, id, description } of refs) {
    const name = nameOf({ kind, id });
    if (before.has(name)) {
      if (before.get(name) !== description) throw new AppError('EVIDENCE_CONFLICT', { flow: flow.id, kind, id });
      continue;
    }
    before.set(name, description);
    const isKnown = (EVIDENCE_KINDS as readonly string[]).includes(kind);
    if (isKnown && !isOfFlow({ kind, id })) throw new AppError('EVIDENCE_NOT_IN_FLOW', { flow: flow.id, kind, id });
    const stored: StoredEvidence = { kind, id, ...(description === undefined ? {} : { description }), basis: isKnown ? 'known' : 'attestation', at, by };
    changes.push(EVIDENCE_KIND.put(await evidenceKey(flow, stored), stored, { expected: 0 }));
  }
  if (before.size > LIMITS.flowEvidence) throw new AppError('USAGE', { problem: `a flow has at most ${String(LIMITS.flowEvidence)} pieces of evidence` });
  return { changes };
}

function nameOf({ kind, id }: Pick<EvidenceRef, 'kind' | 'id'>): string {
  return `${kind} ${id}`;
}
