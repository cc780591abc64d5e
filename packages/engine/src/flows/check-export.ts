import { FLOW_KEY, type FlowStatus, type FlowView, isJsonObject, type JsonValue } from '@kb-labs/contracts';
import { playbookDigest } from '@kb-labs/manifest';
import { toFlowView } from '@kb-labs/projector';

import { asManifest } from '../playbooks/playbook-record.js';
import { digestsOf } from './export-digests.js';
import { toScopedRun } from './export-flow.js';
import { EXPORT_FORMAT, type ExportDigests, type ExportedRun, type FlowExport, type FlowVerification } from './export-shape.js';
import { exportText } from './export-text.js';

/** As `verifyFlowExport`. */
export function checkExport(given: JsonValue | Uint8Array): FlowVerification {
  const read = given instanceof Uint8Array || typeof given === 'string' ? readText(given) : { value: given, problems: [] };
  const { value } = read;
  if (value === undefined || !isExport(value)) return { ok: false, problems: [...read.problems, 'it is no export of a flow'], flowId: null, status: null, digest: null };
  const checked = attempt(() => checkDigests(value), 'its digests cannot be made');
  const derived = attempt(() => checkView(value), 'its parts cannot be read');
  const problems = [...read.problems, ...(checked.value ?? []), ...checked.problems, ...(derived.value?.problems ?? []), ...derived.problems];
  return { ok: problems.length === 0, problems, flowId: value.flow_id, status: derived.value?.status ?? null, digest: value.digests.all };
}

function readText(given: string | Uint8Array): { value: JsonValue | undefined; problems: string[] } {
  try {
    const text = typeof given === 'string' ? given : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(given);
    const value = JSON.parse(text) as JsonValue;
    return { value, problems: exportText(value) === text ? [] : ['its text is not the one that was written'] };
  } catch {
    return { value: undefined, problems: ['it is no JSON text'] };
  }
}

const PARTS: readonly (keyof FlowExport)[] = ['digests', 'evidence', 'flow_id', 'format', 'manifest', 'record', 'release_history', 'runs', 'submission', 'view'];

/** As far as it takes to make its digests. */
function isExport(value: JsonValue): value is JsonValue & FlowExport {
  if (!isJsonObject(value) || Object.keys(value).toSorted().join() !== PARTS.join()) return false;
  const { format, flow_id: id, digests, runs, record, view, manifest } = value;
  if (format !== EXPORT_FORMAT || typeof id !== 'string' || !isJsonObject(record) || !isJsonObject(view) || !isJsonObject(manifest)) return false;
  return isJsonObject(digests) && typeof digests['all'] === 'string' && Array.isArray(runs) && runs.every((run) => isJsonObject(run) && typeof run['run_id'] === 'string');
}

function attempt<Value>(what: () => Value, problem: string): { readonly value: Value | undefined; readonly problems: readonly string[] } {
  try {
    return { value: what(), problems: [] };
  } catch (thrown) {
    return { value: undefined, problems: [`${problem}: ${thrown instanceof Error ? thrown.message : String(thrown)}`] };
  }
}

function checkDigests(given: FlowExport): string[] {
  const made = digestsOf(given, playbookDigest(given.manifest));
  const found: string[] = [];
  for (const part of ['view', 'record', 'manifest', 'release_history', 'evidence', 'runs', 'all'] as const satisfies readonly (keyof ExportDigests)[]) {
    if (exportText(made[part]) !== exportText((given.digests[part]) ?? null)) found.push(`the digest of ${part} does not fit`);
  }
  if (Object.keys(given.digests).length !== Object.keys(made).length) found.push('it has other digests');
  return found;
}

/** The parts of a view that differ, by name. */
function differing(derived: FlowView, given: FlowView): string[] {
  const [one, other] = [derived, given].map((view) => new Map(Object.entries(view).map(([name, value]: [string, JsonValue]) => [name, exportText(value)])));
  return [...new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])])].filter((name) => one?.get(name) !== other?.get(name));
}

/** That what is in it belongs together, and says what its view says. */
function checkView(given: FlowExport): { readonly status: FlowStatus; readonly problems: readonly string[] } {
  const { record, evidence, manifest, submission, runs, view } = given;
  const derived = toFlowView({ record, evidence, manifest: asManifest(manifest), submission, runs: runs.map(toScopedRun) });
  const problems: string[] = [];
  if (derived.status !== view.status) problems.push(`its status is ${derived.status} by its journals, and ${String(view.status)} by its view`);
  else if (exportText(derived) !== exportText(view)) problems.push(`its view says something else than its journals: ${differing(derived, view).join(', ')}`);
  if (given.flow_id !== record.flowId || record.mark.flow_id !== record.flowId) problems.push('its parts are of several flows');
  const digest = playbookDigest(manifest);
  if (digest !== record.playbook.digest || digest !== record.mark.digest) problems.push('its playbook is not the one that the flow started with');
  for (const run of runs) problems.push(...checkRun(run, given));
  return { status: derived.status, problems };
}

function checkRun(run: ExportedRun, { record }: FlowExport): string[] {
  if (!('events' in run)) return [];
  const [first] = run.events;
  if (first?.type !== 'run.started') return [`${run.run_id} has no beginning`];
  const mark = first.trigger.session?.metadata[FLOW_KEY];
  if (run.run_id !== record.runId && mark === undefined) return [];
  const { pins, workflow } = first.plan;
  const problems = exportText(mark ?? null) === exportText(record.mark) ? [] : [`${run.run_id} is of another flow`];
  const pinned = record.pins.workflows;
  const isPinned = Object.hasOwn(pinned, workflow.id) && pinned[workflow.id] === workflow.digest && exportText(pins ?? null) === exportText(record.pins);
  return isPinned ? problems : [...problems, `${run.run_id} ran what the flow did not start with`];
}
