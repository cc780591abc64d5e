import { queryOptions } from '@tanstack/react-query';

import { client } from '../api/client.js';
import { SLOW_POLL_MS } from '../api/query-client.js';

/** All versions of all playbooks that fit one page of the largest size. */
export const playbooksQuery = queryOptions({
  queryKey: ['playbooks'],
  queryFn: ({ signal }) => client.call('listPlaybooks', { query: { limit: 200 }, signal }),
  refetchInterval: SLOW_POLL_MS,
});

export const versionsQuery = (id: string) =>
  queryOptions({ queryKey: ['playbooks', id, 'versions'], queryFn: ({ signal }) => client.call('listPlaybooks', { query: { playbook_id: id, limit: 200 }, signal }), refetchInterval: SLOW_POLL_MS });

/** One version; the one that would be started when `version` is left out. */
export const playbookQuery = (id: string, version?: string) =>
  queryOptions({
    queryKey: ['playbooks', id, 'version', version ?? null],
    queryFn: ({ signal }) => client.call('getPlaybook', { params: { id }, query: version === undefined ? {} : { version }, signal }),
    refetchInterval: SLOW_POLL_MS,
  });

export const diffQuery = (id: string, from: string, to: string) =>
  queryOptions({ queryKey: ['playbooks', id, 'diff', from, to], queryFn: ({ signal }) => client.call('diffPlaybooks', { params: { id }, query: { from, to }, signal }) });
