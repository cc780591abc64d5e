import { useQuery } from '@tanstack/react-query';

import { approvalsQuery } from '../api/approvals.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { Inbox } from './inbox.js';

/** What waits for a decision. It is kept as it is now by what is around all pages. */
export function ApprovalsPage() {
  const { data, error, refetch } = useQuery(approvalsQuery);
  return (
    <Page title="Approvals" subtitle="What waits for somebody's decision, the oldest first.">
      {data !== undefined ? <Inbox items={data.items} more={data.nextCursor !== undefined} /> : error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />}
    </Page>
  );
}
