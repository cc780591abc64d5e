import type { ContractItemView, FlowContractView, PlaybookManifest, RequiredEvidence, StoredEvidence } from '@kb-labs/contracts';

import { fitsTool } from './fits-tool.js';
import type { ScopedRun, ScopedTool } from './scoped-run.js';

/** What a playbook asks for, and how far the runs and the evidence of a flow meet it. */
export function contractOf(manifest: PlaybookManifest, runs: readonly ScopedRun[], evidence: readonly StoredEvidence[]): FlowContractView {
  const required = itemsOf(manifest, evidence);
  return {
    required_evidence: required,
    missing_evidence: required.filter(({ satisfied }) => !satisfied),
    acceptance_criteria: manifest.acceptance_criteria ?? [],
    preconditions: manifest.preconditions ?? [],
    tools: {
      enforced: manifest.tools?.enforce === true,
      used: [...new Set(runs.flatMap(({ tools }) => tools.map(({ tool }) => tool)))].toSorted(),
      violations: violationsOf(manifest, runs).map(({ at: _at, ...use }) => use),
    },
  };
}

/** Uses of tools that count against a flow. */
export function enforcedViolations(manifest: PlaybookManifest, runs: readonly ScopedRun[]): ScopedTool[] {
  return manifest.tools?.enforce === true ? violationsOf(manifest, runs) : [];
}

/** What is required and not there. */
export function missingEvidence(manifest: PlaybookManifest, evidence: readonly StoredEvidence[]): ContractItemView[] {
  return itemsOf(manifest, evidence).filter(({ satisfied }) => !satisfied);
}

/** When the last of what is required came, in ms since the epoch; 0 when nothing is. For a manifest that misses nothing. */
export function evidenceMetAt(manifest: PlaybookManifest, evidence: readonly StoredEvidence[]): number {
  return requiredEvidence(manifest).reduce((last, item) => Math.max(last, evidenceFor(item, evidence).reduce((first, { at }) => Math.min(first, at), Number.POSITIVE_INFINITY)), 0);
}

/** What satisfies a requirement: the evidence with its id, or any of its kind when it names none. */
export function evidenceFor({ kind, id }: RequiredEvidence, evidence: readonly StoredEvidence[]): StoredEvidence[] {
  return evidence.filter((one) => one.kind === kind && (id === undefined || one.id === id));
}

function itemsOf(manifest: PlaybookManifest, evidence: readonly StoredEvidence[]): ContractItemView[] {
  return requiredEvidence(manifest).map(({ phase_id, ...item }) => toItem(item, phase_id, evidence));
}

function requiredEvidence(manifest: PlaybookManifest): (RequiredEvidence & { readonly phase_id: string | null })[] {
  const ofPhases = (manifest.phases ?? []).flatMap(({ phase_id, required_evidence }) => (required_evidence ?? []).map((item) => ({ ...item, phase_id })));
  return [...(manifest.required_evidence ?? []).map((item) => ({ ...item, phase_id: null })), ...ofPhases];
}

function toItem(item: RequiredEvidence, phaseId: string | null, evidence: readonly StoredEvidence[]): ContractItemView {
  const found = evidenceFor(item, evidence);
  return { ...item, phase_id: phaseId, satisfied: found.length > 0, evidence_ids: found.map(({ id }) => id) };
}

function violationsOf(manifest: PlaybookManifest, runs: readonly ScopedRun[]): ScopedTool[] {
  return runs.flatMap(({ tools }) => tools.filter(({ tool }) => !isToolAllowed(manifest.tools, tool)));
}

/** What is denied is denied, whatever is allowed. */
export function isToolAllowed(tools: PlaybookManifest['tools'], tool: string): boolean {
  if ((tools?.deny ?? []).some((pattern) => fitsTool(pattern, tool))) return false;
  return tools?.allow === undefined || tools.allow.some((pattern) => fitsTool(pattern, tool));
}
