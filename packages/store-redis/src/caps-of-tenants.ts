import type { TakeOptions } from '@kb-labs/ports';

/** The caps of tenants as scripts read them. */
export function capsOfTenants(caps: TakeOptions['caps']): string {
  if (caps?.ofTenant === undefined) return caps?.perTenant === undefined ? '' : String(caps.perTenant);
  return JSON.stringify({ of: caps.ofTenant, others: caps.perTenant });
}
