import { isTerminalRun, type Explanation } from '@kb-labs/contracts';
import { explainRun as explainState } from '@kb-labs/projector';

import type { EngineDeps } from './deps.js';
import { withoutTenant } from './in-tenant.js';
import { readRunState } from './read-run.js';

/** Why each part of a run is where it is, with what is missing for it to go on. Fails with `RUN_NOT_FOUND`. */
export async function explainRun(deps: Pick<EngineDeps, 'log' | 'queue' | 'claims' | 'clock'>, runId: string): Promise<Explanation> {
  const state = await readRunState(deps, runId);
  const over = isTerminalRun(state.status);
  const [claims, tickets, served] = over
    ? [[], [], new Set<string>()]
    : await Promise.all([deps.claims.of(state.id), deps.queue.ticketsOf(state.id), deps.queue.served([state.id])]);
  return explainState(state, {
    claims: claims.map((claim) => ({ ...claim, group: withoutTenant(claim.group) })),
    served: served.has(state.id),
    tickets: tickets.map(({ job, notBefore, lease }) => ({ job, notBefore, held: lease?.alive === true })),
    now: deps.clock.now(),
  });
}
