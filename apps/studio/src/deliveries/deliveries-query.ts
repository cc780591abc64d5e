import { infiniteQueryOptions } from '@tanstack/react-query';

import { client } from '../api/client.js';
import { SLOW_POLL_MS } from '../api/query-client.js';

const SHOWN = 50;

/** Newest first. Asked again by itself only while the first page alone is shown: more pages would all be read again. */
export const deliveriesQuery = infiniteQueryOptions({
  queryKey: ['deliveries'],
  queryFn: ({ pageParam, signal }) => client.call('listDeliveries', { query: { limit: SHOWN, ...(pageParam === '' ? {} : { cursor: pageParam }) }, signal }),
  initialPageParam: '',
  getNextPageParam: ({ nextCursor }) => nextCursor,
  refetchInterval: ({ state }) => ((state.data?.pages.length ?? 1) === 1 ? SLOW_POLL_MS : false),
});
