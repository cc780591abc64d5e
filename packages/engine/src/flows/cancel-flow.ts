import type { FlowRecord, FlowView, PlaybookRef, SessionRunStatus } from '@kb-labs/contracts';
import { AppError, hasCode } from '@kb-labs/errors';

import { withoutSecrets } from '../read-secrets.js';
import { RunStates } from '../run-states.js';
import { readScopedRun } from '../sessions/read-session-run.js';
import { cancelUnsubmitted, carryOn } from './carry-on.js';
import { FLOW_PLAYBOOK_KIND, flowChange, type FlowDeps, type FlowRef, openChange, requireFlow, rootOf, submissionOf } from './flow-record.js';
import { readFlow } from './read-flow.js';

export interface CancelFlow extends FlowRef {
  readonly by: string;
  readonly reason?: string;
}

const ENDED: ReadonlySet<SessionRunStatus> = new Set(['completed', 'failed', 'interrupted']);
const REASON_LENGTH = 4_096;

/**
 * Cancels a flow: one whose run was not submitted ends here and never has one; of any other the root run is cancelled, and with it what
 * that called. A second time changes nothing. Fails with `FLOW_NOT_FOUND`, and with `RUN_FINISHED` when its root run had ended in another way.
 */
export async function cancelFlow(deps: FlowDeps, { id, tenant, by, reason }: CancelFlow): Promise<FlowView> {
  if (reason !== undefined && (reason.length === 0 || reason.length > REASON_LENGTH)) throw new AppError('USAGE', { problem: `a reason has 1 to ${String(REASON_LENGTH)} characters` });
  const ref: FlowRef = { id, tenant };
  while (!(await askToCancel(deps, ref, { by, reason })));
  await carryOn(deps, ref);
  return readFlow(deps, ref);
}

/** `false`: the flow has changed meanwhile. */
async function askToCancel(deps: FlowDeps, ref: FlowRef, { by, reason }: { by: string; reason: string | undefined }): Promise<boolean> {
  const kept = await requireFlow(deps, ref);
  const { record } = kept.value;
  if (record.cancel !== undefined) return true;
  const said = reason === undefined ? undefined : await withoutSecrets(deps, new RunStates(deps), rootOf(record), reason);
  const cancel: NonNullable<FlowRecord['cancel']> = { at: deps.clock.now(), by, ...(said === undefined ? {} : { reason: said }) };
  if ((await submissionOf(deps, record)) === 'none') return cancelUnsubmitted(deps, kept, cancel);
  const root = await readScopedRun(deps, { runId: record.runId, tenant: record.tenant });
  if (root?.status === 'cancelled') return true;
  if (root === undefined) throw new AppError('RUN_NOT_FOUND', { id: record.runId });
  if (ENDED.has(root.status)) throw new AppError('RUN_FINISHED', { id: record.runId, status: root.status });
  const value = { ...kept.value, record: { ...record, cancel } };
  return deps.records.write([flowChange(value, kept.version), openChange(record, true)]);
}

/**
 * Cancels the flows of a version that have not ended, for the reason that is given. For a version that was revoked before this is called: flows that are
 * being started are refused by that. Answers the ids of those it cancelled.
 */
export async function stopFlowsOf(deps: FlowDeps, { playbook_id, version }: Pick<PlaybookRef, 'playbook_id' | 'version'>, { tenant, by, reason }: { readonly tenant: string; readonly by: string; readonly reason: string }): Promise<readonly string[]> {
  const prefix = `${tenant}/${playbook_id}/${version}/`;
  const stopped: string[] = [];
  for await (const { key } of FLOW_PLAYBOOK_KIND.each(deps.records, { prefix })) {
    const id = key.slice(prefix.length);
    if (await stop(deps, { id, tenant, by, reason })) stopped.push(id);
  }
  return stopped;
}

async function stop(deps: FlowDeps, command: CancelFlow): Promise<boolean> {
  try {
    const before = (await requireFlow(deps, command)).value.record.cancel;
    return (await cancelFlow(deps, command)).cancel_requested !== null && before === undefined;
  } catch (thrown) {
    // It has ended.
    if (hasCode(thrown, 'RUN_FINISHED') || hasCode(thrown, 'RUN_NOT_FOUND')) return false;
    throw thrown;
  }
}
