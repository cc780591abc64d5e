import { queryOptions } from '@tanstack/react-query';

import { client } from '../api/client.js';
import { SLOW_POLL_MS } from '../api/query-client.js';

export const schedulesQuery = queryOptions({
  queryKey: ['schedules'],
  queryFn: ({ signal }) => client.call('listSchedules', { signal }),
  refetchInterval: SLOW_POLL_MS,
});
