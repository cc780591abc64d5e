import { infiniteQueryOptions } from '@tanstack/react-query';

import { client } from '../api/client.js';

const SHOWN = 50;

/** Newest first. */
export const keysQuery = infiniteQueryOptions({
  queryKey: ['keys'],
  queryFn: ({ pageParam, signal }) => client.call('listKeys', { query: { limit: SHOWN, ...(pageParam === '' ? {} : { cursor: pageParam }) }, signal }),
  initialPageParam: '',
  getNextPageParam: ({ nextCursor }) => nextCursor,
});
