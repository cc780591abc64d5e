import type { PlannedJob, RunPlan, RunState } from '@kb-labs/contracts';

/** A plan's jobs by key, and who comes after whom. */
export interface JobGraph {
  readonly byKey: ReadonlyMap<string, PlannedJob>;
  /** The jobs that name a job in their needs. */
  readonly dependants: ReadonlyMap<string, readonly string[]>;
}

const graphs = new WeakMap<RunPlan['jobs'], JobGraph>();

/** The graph of a plan. Made once for all runs that share its jobs: decisions ask for it at every end of a job. */
export function jobGraph({ jobs }: Pick<RunPlan, 'jobs'>): JobGraph {
  const known = graphs.get(jobs);
  if (known !== undefined) return known;
  const dependants = new Map<string, string[]>(jobs.map((job) => [job.key, []]));
  for (const job of jobs) for (const need of job.needs) dependants.get(need)?.push(job.key);
  const graph = { byKey: new Map(jobs.map((job) => [job.key, job])), dependants };
  graphs.set(jobs, graph);
  return graph;
}

/**
 * What is planned for a job of a run. A combination of a matrix has the plan of its job, with a key of its own.
 */
export function plannedJob(state: RunState, key: string): PlannedJob | undefined {
  const combination = state.jobs.get(key)?.combination;
  const planned = jobGraph(state.plan).byKey.get(combination?.of ?? key);
  if (planned === undefined || combination === undefined) return planned;
  return { ...planned, key };
}
