import { queryOptions } from '@tanstack/react-query';

import { client } from '../api/client.js';
import { queryClient, SLOW_POLL_MS } from '../api/query-client.js';
import { useStream } from '../api/use-stream.js';

/** As many as a strip shows. */
const STRIP = 10;

/** The last runs of a workflow, the newest first. */
export const recentRunsQuery = (workflowId: string, limit: number = STRIP) =>
  queryOptions({
    queryKey: ['recent-runs', workflowId, limit],
    queryFn: ({ signal }) => client.call('listRuns', { query: { workflowId, limit }, signal }),
    staleTime: SLOW_POLL_MS,
  });

/** Keeps `recentRunsQuery` as it is now: for pages about one workflow. */
export function useLiveRecentRuns(workflowId: string, limit: number = STRIP): void {
  useStream({
    name: 'listRuns',
    request: { query: { workflowId, limit } },
    onEvent: ({ data }) => {
      queryClient.setQueryData(recentRunsQuery(workflowId, limit).queryKey, data);
    },
  });
}
