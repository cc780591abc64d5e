import { queryOptions } from '@tanstack/react-query';

import { client } from './client.js';
import { SLOW_POLL_MS } from './query-client.js';

/** The workflows of the project, also those that are broken. */
export const workflowsQuery = queryOptions({
  queryKey: ['workflows'],
  queryFn: ({ signal }) => client.call('listWorkflows', { signal }),
  staleTime: SLOW_POLL_MS,
});

export const workflowQuery = (id: string) =>
  queryOptions({ queryKey: ['workflows', id], queryFn: ({ signal }) => client.call('getWorkflow', { params: { id }, signal }) });
