import { isTerminalJob, type RunState, type RunView, type StepStatus } from '@kb-labs/contracts';

/** The phases of a run, each with one state for all its steps. */
export function phasesOf(state: RunState): Pick<RunView, 'phases'> {
  const { phases } = state.plan;
  if (phases === undefined) return {};
  const statuses = statusesByPhase(state);
  return { phases: phases.map(({ id, label }) => ({ id, label, status: phaseStatus(statuses.get(id) ?? new Set()) })) };
}

function statusesByPhase(state: RunState): Map<string, Set<StepStatus>> {
  const phaseOf = new Map(state.plan.jobs.map((job) => [job.key, job.steps.map((step) => step.phase)]));
  const found = new Map<string, Set<StepStatus>>();
  for (const job of state.jobs.values()) {
    const phases = phaseOf.get(job.combination?.of ?? job.key) ?? [];
    for (const [index, step] of job.steps.entries()) {
      const phase = phases[index];
      if (phase === undefined) continue;
      const status = isTerminalJob(job.status) && !isTerminalJob(step.status) ? 'skipped' : step.status;
      found.set(phase, (found.get(phase) ?? new Set()).add(status));
    }
  }
  return found;
}

/** What goes on counts first, then what went wrong; a phase with some steps over and some not begun is running. */
const FIRST = ['running', 'waiting_approval', 'waiting', 'interrupted', 'failed', 'cancelled'] as const;

function phaseStatus(statuses: ReadonlySet<StepStatus>): StepStatus {
  const first = FIRST.find((status) => statuses.has(status));
  if (first !== undefined) return first;
  if (statuses.has('queued') || statuses.size === 0) return statuses.size > 1 ? 'running' : 'queued';
  return statuses.has('success') ? 'success' : 'skipped';
}
