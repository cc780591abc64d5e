import { parseRunId } from '@kb-labs/contracts';
import { type ScopedRun, scopedRunOf, toFlowView } from '@kb-labs/projector';

import { readChanges } from '../playbooks/playbook-record.js';
import { carryOn } from './carry-on.js';
import { EXPORT_FORMAT, type ExportedRun, type FlowExport } from './export-shape.js';
import { type FlowDeps, type FlowRef, requireFlow } from './flow-record.js';
import { readSource } from './read-flow.js';

/**
 * A flow with everything that its status follows from. The view in it is made of what is in it, even while the flow goes on. Fails as `readFlow` does.
 */
export async function exportFlow(deps: FlowDeps, ref: FlowRef): Promise<FlowExport> {
  const [{ digestsOf }, { playbookDigest }] = await Promise.all([import('./export-digests.js'), import('@kb-labs/manifest')]);
  await carryOn(deps, ref);
  const kept = await requireFlow(deps, ref);
  const { stored, ...source } = await readSource(deps, kept);
  const { record, evidence, submission } = source;
  const view = toFlowView(source);
  const ids = [...(view.run_id === null ? [] : [view.run_id]), ...view.child_run_ids];
  const runs = await Promise.all(source.runs.filter(({ runId }) => ids.includes(runId)).map((run) => exportRun(deps, run)));
  const { playbook_id: id, version } = record.playbook;
  const parts: Omit<FlowExport, 'digests'> = plain({
    format: EXPORT_FORMAT,
    flow_id: record.flowId,
    // Journals have grown since: what is told is what they say now.
    view: toFlowView({ ...source, runs: runs.map(toScopedRun) }),
    record,
    submission,
    manifest: stored.manifest,
    release_history: await readChanges(deps, { tenant: ref.tenant, id, version }),
    evidence,
    runs,
  });
  return { ...parts, digests: digestsOf(parts, playbookDigest(stored.manifest)) };
}

async function exportRun({ log }: FlowDeps, run: ScopedRun): Promise<ExportedRun> {
  const runId = parseRunId(run.runId);
  const events = runId === undefined ? [] : await log.read(runId, 0);
  return events.length === 0 ? { run_id: run.runId, without_journal: run } : { run_id: run.runId, events };
}

/** Fails when it is no run. */
export function toScopedRun(run: ExportedRun): ScopedRun {
  if (!('events' in run)) return run.without_journal;
  const runId = parseRunId(run.run_id);
  if (runId === undefined) throw new TypeError(`${run.run_id} is no run`);
  return scopedRunOf(runId, run.events);
}

/** As it is read again. */
function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
