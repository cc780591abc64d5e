import { LIMITS, type RunId, type Trigger } from '@kb-labs/contracts';

import type { EngineDeps } from './deps.js';
import { inTenant } from './in-tenant.js';
import { RecordKind } from './record-kind.js';
import { startRun, type StartDeps } from './start-run.js';

/** `<tenant>` and key to the id of the run. */
const START_KIND = new RecordKind<RunId>('start');

export interface StartOnce {
  /** Names what happened, and the workflow. */
  readonly key: string;
  readonly workflowId: string;
  readonly trigger: Trigger;
  readonly tenant: string;
}

export interface StartedOnce {
  readonly runId: RunId;
  /** It was started before. */
  readonly repeated: boolean;
}

export type StartOnceDeps = StartDeps & Pick<EngineDeps, 'records' | 'catalog'>;

/**
 * Starts the one run of something that happened, however often and by however many it is asked. The id of the run is kept
 * before it is started: whoever comes after a crash starts the same one. Fails as `startRun` does.
 */
export async function startOnce(deps: StartOnceDeps, { key, workflowId, trigger, tenant }: StartOnce): Promise<StartedOnce> {
  const { runId, known } = await reserve(deps, inTenant(tenant, key));
  if (known && (await deps.catalog.getRun(runId)) !== undefined) return { runId, repeated: true };
  const { repeated } = await startRun(deps, { runId, workflowId, trigger, tenant, input: {}, unattended: true });
  return { runId, repeated };
}

async function reserve({ records, ids, clock }: Pick<EngineDeps, 'records' | 'ids' | 'clock'>, key: string): Promise<{ runId: RunId; known: boolean }> {
  const runId = ids.runId();
  for (;;) {
    const kept = await START_KIND.get(records, key);
    if (kept !== undefined) return { runId: kept.value, known: true };
    if (await records.write([START_KIND.put(key, runId, { expected: 0, expiresAt: clock.now() + LIMITS.startKeepMs })])) return { runId, known: false };
  }
}
