import { type FlowRecord, isTerminalRun } from '@kb-labs/contracts';
import { AppError, hasCode } from '@kb-labs/errors';

import { isPassing } from '../passing.js';
import { requireStartable } from '../playbooks/require-startable.js';
import { readRunState } from '../read-run.js';
import { advanceSession } from '../sessions/advance-session.js';
import { cancelSessionRun } from '../sessions/cancel-session-run.js';
import { findAsked } from '../sessions/session-record.js';
import { submitInput } from '../sessions/submit-input.js';
import { FLOW_OPEN_KIND, flowChange, type FlowDeps, flowKey, type FlowRef, type KeptFlow, neverSubmitted, openChange, requireFlow, rootOf } from './flow-record.js';

/**
 * Does what is left to do for a flow: submits its run, once and under the id that was reserved for it, or hands on that it is to be cancelled. A run that is
 * refused by now ends the flow as cancelled, with the reason. Done twice, or by several at once, it changes nothing; what cannot be done now stays
 * to be done. Fails when the state is away.
 */
export async function carryOn(deps: FlowDeps, ref: FlowRef): Promise<void> {
  while ((await FLOW_OPEN_KIND.get(deps.records, flowKey(ref))) !== undefined) {
    const kept = await requireFlow(deps, ref);
    const { record } = kept.value;
    const place = await findAsked(deps, record.tenant, record.runId);
    // Whoever submitted it may have died before its turn came.
    if (place !== undefined && place.n > 0) await advanceSession(deps, place);
    const outcome = place === undefined ? await submit(deps, kept) : place.n === 0 ? 'done' : await handCancel(deps, record);
    if (outcome === 'later') return;
    // Together with the record that this was decided on: who changed it meanwhile has left something to do.
    if (outcome === 'done') await deps.records.write([openChange(record, false), flowChange(kept.value, kept.version)]);
  }
}

/** `again`: the record has changed. */
type Outcome = 'done' | 'later' | 'again';

async function submit(deps: FlowDeps, kept: KeptFlow): Promise<Outcome> {
  const { record, runKey } = kept.value;
  const { tenant, sessionId, workflowId, inputs, requestMetadata, mark, pins, createdBy } = record;
  try {
    await requireStartable(deps, record.playbook, tenant);
    await submitInput(deps, {
      sessionId,
      tenant,
      by: createdBy,
      request: { workflow_id: workflowId, inputs, metadata: requestMetadata, ...(runKey === null ? {} : { idempotency_key: runKey }) },
      mark,
      runId: rootOf(record),
      pins,
    });
    return 'done';
  } catch (thrown) {
    if (hasCode(thrown, 'SESSION_FULL')) return 'later';
    if (!(thrown instanceof AppError) || thrown.code === 'INTERNAL' || isPassing(thrown)) throw thrown;
    // Somebody else has submitted it, or seen to it that nobody will.
    if ((await findAsked(deps, tenant, record.runId)) !== undefined) return 'again';
    await cancelUnsubmitted(deps, kept, { at: deps.clock.now(), by: 'engine', reason: `its run was refused: ${thrown.message}` });
    return 'again';
  }
}

/** `false`: something came in between. */
export async function cancelUnsubmitted({ records }: Pick<FlowDeps, 'records'>, { version, value }: KeptFlow, cancel: NonNullable<FlowRecord['cancel']>): Promise<boolean> {
  const record = { ...value.record, cancel };
  return records.write([flowChange({ ...value, record }, version), neverSubmitted(record), openChange(record, false)]);
}

/** Once: a second request would stop the steps that clean up. */
async function handCancel(deps: FlowDeps, record: FlowRecord): Promise<Outcome> {
  const { tenant, runId, cancel } = record;
  if (cancel === undefined || (await isCancelling(deps, record))) return 'done';
  try {
    await cancelSessionRun(deps, { runId, tenant, by: cancel.by, ...(cancel.reason === undefined ? {} : { note: cancel.reason }) });
  } catch (thrown) {
    if (hasCode(thrown, 'QUEUE_FULL')) return 'later';
    if (!hasCode(thrown, 'RUN_FINISHED') && !hasCode(thrown, 'RUN_NOT_FOUND')) throw thrown;
  }
  return 'done';
}

async function isCancelling(deps: FlowDeps, record: FlowRecord): Promise<boolean> {
  try {
    const { cancel, status } = await readRunState(deps, rootOf(record));
    return cancel !== undefined || isTerminalRun(status);
  } catch (thrown) {
    // It waits in the line of its session.
    if (hasCode(thrown, 'RUN_NOT_FOUND')) return false;
    throw thrown;
  }
}
