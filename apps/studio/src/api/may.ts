import type { Permission } from '@kb-labs/contracts';
import { useSuspenseQuery } from '@tanstack/react-query';

import { callerQuery } from './client.js';

/** Whether the caller has a permission: what they may not do is shown disabled, and says why. */
export function useMay(permission: Permission): boolean {
  return useSuspenseQuery(callerQuery).data.permissions.includes(permission);
}

export function notAllowed(permission: Permission): string {
  return `Your key does not have the permission "${permission}"`;
}
