import { DEFAULT_TENANT } from '@kb-labs/contracts';

/** Stands in no name of a tenant. */
const MARK = '\u001f';

/**
 * A name that people choose (of a group, of a request) as the state keeps it: the same name in two tenants is two names, and
 * nobody can write one that is another tenant's. Where nobody tells tenants apart, names are kept as they are.
 */
export function inTenant(tenant: string, name: string): string {
  return tenant === DEFAULT_TENANT && !name.startsWith(MARK) ? name : `${MARK}${tenant}${MARK}${name}`;
}

/** The name as people chose it. */
export function withoutTenant(kept: string): string {
  return kept.startsWith(MARK) ? kept.slice(kept.indexOf(MARK, 1) + 1) : kept;
}
