import { fromUnknown } from '@kb-labs/errors';

import { isPassing } from '../passing.js';
import { carryOn } from './carry-on.js';
import { FLOW_OPEN_KIND, type FlowDeps } from './flow-record.js';

const PAGE = 100;

export interface RecoverFlows {
  /** Of everybody when left out. */
  readonly tenant?: string;
  /** At most so many; all when left out. */
  readonly limit?: number;
}

/** Carries on what a crash has left half done. A flow that cannot be carried on is reported and left; the others go on. Fails when the state is away. */
export async function recoverFlows(deps: FlowDeps, { tenant, limit = Number.POSITIVE_INFINITY }: RecoverFlows = {}): Promise<void> {
  const size = Math.min(PAGE, limit);
  let looked = 0;
  for (let after: string | undefined; looked < limit; ) {
    const page = await deps.records.list(FLOW_OPEN_KIND, { limit: size, ...(tenant === undefined ? {} : { prefix: `${tenant}/` }), ...(after === undefined ? {} : { after }) });
    for (const { key } of page) {
      const slash = key.lastIndexOf('/');
      const ref = { tenant: key.slice(0, slash), id: key.slice(slash + 1) };
      try {
        await carryOn(deps, ref);
      } catch (thrown) {
        if (isPassing(thrown)) throw thrown;
        deps.logger.error('a flow cannot be carried on now', { flow: ref.id, problem: fromUnknown(thrown).message });
      }
    }
    if (page.length < size) return;
    looked += page.length;
    after = page.at(-1)?.key;
  }
}
