import type { Workflow } from '@kb-labs/contracts';

import { needsOf } from './check-graph.js';

/**
 * The jobs in an order that has each after its needs. Jobs that could stand in either order stand as written.
 * The graph is known to have no circle and no unknown need.
 */
export function orderJobs(workflow: Workflow): string[] {
  const keys = Object.keys(workflow.jobs);
  const open = new Map(keys.map((key) => [key, needsOf(workflow, key).length]));
  const dependants = new Map<string, string[]>(keys.map((key) => [key, []]));
  for (const key of keys) for (const need of needsOf(workflow, key)) dependants.get(need)?.push(key);

  const ordered: string[] = [];
  let rank = keys.filter((key) => open.get(key) === 0);
  while (rank.length > 0) {
    ordered.push(...rank);
    const next = new Set<string>();
    for (const key of rank) {
      for (const dependant of dependants.get(key) ?? []) {
        const left = (open.get(dependant) ?? 0) - 1;
        open.set(dependant, left);
        if (left === 0) next.add(dependant);
      }
    }
    rank = next.size === 0 ? [] : keys.filter((key) => next.has(key));
  }
  return ordered;
}
