import type { RunId } from '@kb-labs/contracts';
import { fromUnknown } from '@kb-labs/errors';
import { type SeenPush, startsFor } from '@kb-labs/triggers';

import { pushKey } from './decide-delivery.js';
import type { EngineDeps } from './deps.js';
import { findListeners } from './find-listeners.js';
import { tenantOf } from './find-schedules.js';
import { isPassing } from './passing.js';
import { startOnce } from './start-once.js';

export interface StartedByPush {
  readonly workflowId: string;
  readonly runId: RunId;
  /** It was started before: by the same push, seen here or told by the host of the repository. */
  readonly repeated: boolean;
}

/**
 * Starts the workflows whose `on.push` fits a push that was seen in a repository, each once for a commit at a branch. One that
 * cannot be started is told, and keeps no other from it. Fails when the state is away: then it is to be asked again.
 */
export async function startByPush(deps: EngineDeps, { push, sha, actor }: Omit<SeenPush, 'kind'>): Promise<StartedByPush[]> {
  const { listeners } = await findListeners(deps);
  const started: StartedByPush[] = [];
  for (const decision of startsFor({ kind: 'push', push, sha, actor }, listeners)) {
    const { workflowId } = decision;
    if (!decision.starts) {
      deps.logger.debug('a push starts no run', { workflowId, ref: push.ref, reason: decision.reason });
      continue;
    }
    try {
      started.push({ workflowId, ...(await startOnce(deps, { key: pushKey({ ref: push.ref, sha, workflowId }), workflowId, trigger: decision.trigger, tenant: tenantOf(deps) })) });
    } catch (thrown) {
      const { code, message } = fromUnknown(thrown);
      if (isPassing(thrown) || code === 'QUEUE_FULL') throw thrown;
      deps.logger.error('a push could not start a workflow', { workflowId, ref: push.ref, sha, code, problem: message });
    }
  }
  return started;
}
