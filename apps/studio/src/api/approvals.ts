import { queryOptions } from '@tanstack/react-query';

import { client } from './client.js';
import { queryClient } from './query-client.js';
import { useStream } from './use-stream.js';

/** As many as the inbox and its badge show; there is a cursor when there are more. */
const SHOWN = 50;

/** What waits for a decision of somebody, the oldest first. */
export const approvalsQuery = queryOptions({
  queryKey: ['approvals'],
  queryFn: ({ signal }) => client.call('listApprovals', { query: { limit: SHOWN }, signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Keeps `approvalsQuery` as it is now. Used once, by what is around all pages. */
export function useLiveApprovals(): void {
  useStream({
    name: 'listApprovals',
    request: { query: { limit: SHOWN } },
    onEvent: ({ data }) => {
      queryClient.setQueryData(approvalsQuery.queryKey, data);
    },
  });
}
