import type { QueryOf } from '@kb-labs/contracts/http';
import type { ListRuns } from '@kb-labs/engine';

/** A query for runs as the engine takes it: for one tenant, with instants as numbers. */
export function toListRuns({ since, until, ...query }: QueryOf<'listRuns'>, tenant: string): ListRuns {
  return { ...query, tenant, ...(since === undefined ? {} : { since: Date.parse(since) }), ...(until === undefined ? {} : { until: Date.parse(until) }) };
}
