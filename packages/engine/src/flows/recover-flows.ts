import { fromUnknown } from '@kb-labs/errors';

import { isPassing } from '../passing.js';
import { splitKey } from '../record-kind.js';
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
  let looked = 0;
  for await (const { key } of FLOW_OPEN_KIND.each(deps.records, { pageSize: Math.min(PAGE, limit), ...(tenant === undefined ? {} : { prefix: `${tenant}/` }) })) {
    const { tenant: of, name: id } = splitKey(key);
    try {
      await carryOn(deps, { tenant: of, id });
    } catch (thrown) {
      if (isPassing(thrown)) throw thrown;
      deps.logger.error('a flow cannot be carried on now', { flow: id, problem: fromUnknown(thrown).message });
    }
    looked += 1;
    if (looked >= limit) return;
  }
}
