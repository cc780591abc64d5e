import type { EvidenceKind, EvidenceRef, FlowView } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';
import type { ScopedRun } from '@kb-labs/projector';

/**
 * Whether what evidence of a known kind names is there in a flow. Runs, tasks, agents, approvals, questions and the flow are named by their ids. An output is
 * `<run or task id>/<name>`; an artifact is `<run id>/<its name>`, as output references name it, or its digest.
 */
export function isPartOf({ kind, id }: EvidenceRef, view: FlowView, all: readonly ScopedRun[]): boolean {
  const runIds = [...(view.run_id === null ? [] : [view.run_id]), ...view.child_run_ids];
  // What was found may go beyond what belongs to it.
  const runs = all.filter(({ runId }) => runIds.includes(runId));
  const known = kind as EvidenceKind;
  switch (known) {
    case 'run':
      return runs.some(({ runId }) => runId === id);
    case 'task':
      return view.task_ids.includes(id);
    case 'agent':
      return view.agent_ids.includes(id);
    case 'approval':
      return view.approval_ids.includes(id) || view.pending_approval_ids.includes(id);
    case 'question':
      return view.question_ids.includes(id) || view.pending_question_ids.includes(id);
    case 'output':
      return runs.some((run) => hasOutput(run, id));
    case 'artifact':
      return view.output_refs.some((ref) => ref.kind === 'artifact' && (ref.digest === id || (ref.name !== null && `${ref.run_id}/${ref.name}` === id)));
    case 'flow':
      return id === view.flow_id;
    default:
      return assertNever(known);
  }
}

function hasOutput({ runId, outputs, tasks }: ScopedRun, id: string): boolean {
  const owners = [{ owner: runId, outputs }, ...tasks.map((task) => ({ owner: task.taskId, outputs: task.outputs }))];
  return owners.some(({ owner, outputs: named }) => id.startsWith(`${owner}/`) && Object.hasOwn(named, id.slice(owner.length + 1)));
}
