import type { ContractItemView, FlowContractView, PlaybookManifest, RequiredEvidence, StoredEvidence, ToolUseView } from '@kb-labs/contracts';

import { fitsTool } from './fits-tool.js';
import type { ScopedRun } from './scoped-run.js';

/** What a playbook asks for, and how far the runs and the evidence of a flow meet it. */
export function contractOf(manifest: PlaybookManifest, runs: readonly ScopedRun[], evidence: readonly StoredEvidence[]): FlowContractView {
  const required = requiredEvidence(manifest).map(({ phase_id, ...item }) => toItem(item, phase_id, evidence));
  const used = runs.flatMap(({ tools }) => tools);
  return {
    required_evidence: required,
    missing_evidence: required.filter(({ satisfied }) => !satisfied),
    acceptance_criteria: manifest.acceptance_criteria ?? [],
    preconditions: manifest.preconditions ?? [],
    tools: {
      enforced: manifest.tools?.enforce === true,
      used: [...new Set(used.map(({ tool }) => tool))].toSorted(),
      violations: used.filter(({ tool }) => !isAllowed(manifest.tools, tool)),
    },
  };
}

/** Those that count against a flow. */
export function enforcedViolations({ tools }: FlowContractView): readonly ToolUseView[] {
  return tools.enforced ? tools.violations : [];
}

/** What satisfies a requirement: the evidence with its id, or any of its kind when it names none. */
export function evidenceFor({ kind, id }: RequiredEvidence, evidence: readonly StoredEvidence[]): StoredEvidence[] {
  return evidence.filter((one) => one.kind === kind && (id === undefined || one.id === id));
}

function requiredEvidence(manifest: PlaybookManifest): (RequiredEvidence & { readonly phase_id: string | null })[] {
  const ofPhases = (manifest.phases ?? []).flatMap(({ phase_id, required_evidence }) => (required_evidence ?? []).map((item) => ({ ...item, phase_id })));
  return [...(manifest.required_evidence ?? []).map((item) => ({ ...item, phase_id: null })), ...ofPhases];
}

function toItem(item: RequiredEvidence, phaseId: string | null, evidence: readonly StoredEvidence[]): ContractItemView {
  const found = evidenceFor(item, evidence);
  return { ...item, phase_id: phaseId, satisfied: found.length > 0, evidence_ids: found.map(({ id }) => id) };
}

/** What is denied is denied, whatever is allowed. */
function isAllowed(tools: PlaybookManifest['tools'], tool: string): boolean {
  if ((tools?.deny ?? []).some((pattern) => fitsTool(pattern, tool))) return false;
  return tools?.allow === undefined || tools.allow.some((pattern) => fitsTool(pattern, tool));
}
