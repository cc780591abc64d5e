import type { TakeOptions } from '@kb-labs/ports';

/** How many tickets this tenant may hold at once. */
export function capOf(caps: TakeOptions['caps'], tenant: string | undefined): number {
  const own = tenant === undefined || caps?.ofTenant === undefined || !Object.hasOwn(caps.ofTenant, tenant) ? undefined : caps.ofTenant[tenant];
  return own ?? caps?.perTenant ?? Infinity;
}
