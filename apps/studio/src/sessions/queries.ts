import { queryOptions } from '@tanstack/react-query';

import { client } from '../api/client.js';
import { SLOW_POLL_MS } from '../api/query-client.js';

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) => client.call('listSessions', { query: { kind: 'session', limit: 100 }, signal }),
  refetchInterval: SLOW_POLL_MS,
});

export const sessionQuery = (id: string) =>
  queryOptions({ queryKey: ['sessions', id], queryFn: ({ signal }) => client.call('getSession', { params: { id }, signal }), refetchInterval: SLOW_POLL_MS });

export const sessionRunsQuery = (id: string) =>
  queryOptions({ queryKey: ['sessions', id, 'runs'], queryFn: ({ signal }) => client.call('listRunsOfSession', { params: { id }, query: { limit: 100 }, signal }), refetchInterval: SLOW_POLL_MS });
