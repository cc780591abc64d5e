import type { GraphNode } from '../parts/graph/graph-node.js';
import type { WorkflowDetail } from './workflow-entry.js';

/** The jobs as boxes of a graph: under each, what decides how often it runs, else what its steps are. */
export function jobNodes(jobs: WorkflowDetail['jobs']): readonly GraphNode[] {
  return jobs.map(({ key, name, needs, strategy, if: condition, steps }) => ({
    id: key,
    label: name,
    needs,
    sublabel: [strategy ? 'matrix' : undefined, condition === null ? undefined : 'conditional', steps.length === 1 ? '1 step' : `${String(steps.length)} steps`].filter((part) => part !== undefined).join(' · '),
  }));
}
