import type { PhaseStateView, PlaybookManifest, StepStatus, StoredEvidence } from '@kb-labs/contracts';

import { evidenceFor } from './flow-contract.js';
import type { ScopedRun } from './scoped-run.js';

/** What went wrong counts before all else, and what goes on before what is over. */
const FIRST: readonly (readonly [PhaseStateView['status'], readonly StepStatus[]])[] = [
  ['failed', ['failed']],
  ['waiting', ['waiting_approval']],
  ['running', ['running', 'waiting', 'interrupted']],
];

export function phaseStatesOf(manifest: PlaybookManifest, runs: readonly ScopedRun[], evidence: readonly StoredEvidence[]): PhaseStateView[] {
  return (manifest.phases ?? []).map(({ phase_id, objective, acceptance_criteria = [], required_evidence = [] }) => {
    const missing = required_evidence.filter((item) => evidenceFor(item, evidence).length === 0);
    const statuses = runs.flatMap(({ phases }) => phases.flatMap(({ id, status }) => (id === phase_id ? [status] : [])));
    const asked = required_evidence.length > 0;
    return {
      phase_id,
      objective,
      status: statuses.length === 0 ? (asked && missing.length === 0 ? 'completed' : 'pending') : ofSteps(statuses, missing.length > 0),
      acceptance_criteria,
      missing_evidence: missing,
    };
  });
}

function ofSteps(statuses: readonly StepStatus[], lacksEvidence: boolean): PhaseStateView['status'] {
  const first = FIRST.find(([, some]) => some.some((status) => statuses.includes(status)))?.[0];
  if (first !== undefined) return first;
  if (statuses.includes('queued')) return statuses.every((status) => status === 'queued') ? 'pending' : 'running';
  if (statuses.includes('cancelled')) return 'cancelled';
  return lacksEvidence ? 'waiting' : 'completed';
}
