import { useSuspenseQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { callerQuery } from '../api/client.js';
import { useMay } from '../api/may.js';
import { Empty } from '../parts/empty.js';

/** What only some may see: others are told whom it is for, and what they are. */
export function ForAdmins({ what, children }: { readonly what: string; readonly children: ReactNode }) {
  const may = useMay('admin');
  const { data: caller } = useSuspenseQuery(callerQuery);
  if (may) return children;
  return (
    <Empty title="For administrators">
      {what} shown to keys with the permission “admin”. Yours is that of a {caller.role}.
    </Empty>
  );
}
