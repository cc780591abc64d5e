import type { PlannedJob, RunPlan } from '@kb-labs/contracts';

/** A plan's jobs by key, and who comes after whom. */
export interface JobGraph {
  readonly byKey: ReadonlyMap<string, PlannedJob>;
  /** The jobs that name a job in their needs. */
  readonly dependants: ReadonlyMap<string, readonly string[]>;
}

const graphs = new WeakMap<RunPlan, JobGraph>();

/** The graph of a plan. Made once per plan: decisions ask for it at every end of a job. */
export function jobGraph(plan: RunPlan): JobGraph {
  const known = graphs.get(plan);
  if (known !== undefined) return known;
  const dependants = new Map<string, string[]>(plan.jobs.map((job) => [job.key, []]));
  for (const job of plan.jobs) for (const need of job.needs) dependants.get(need)?.push(job.key);
  const graph = { byKey: new Map(plan.jobs.map((job) => [job.key, job])), dependants };
  graphs.set(plan, graph);
  return graph;
}
