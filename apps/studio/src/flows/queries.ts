import { queryOptions } from '@tanstack/react-query';

import { client } from '../api/client.js';
import { SLOW_POLL_MS } from '../api/query-client.js';

const PAGE = 25;

/** Statuses of flows are made from their runs whenever they are asked for: pages stay small. */
export const flowsQuery = (cursor: string | undefined) =>
  queryOptions({
    queryKey: ['flows', 'page', cursor ?? null],
    queryFn: ({ signal }) => client.call('listFlows', { query: { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) }, signal }),
    refetchInterval: SLOW_POLL_MS,
  });

export const flowQuery = (id: string) => queryOptions({ queryKey: ['flows', id], queryFn: ({ signal }) => client.call('getFlow', { params: { id }, signal }), refetchInterval: SLOW_POLL_MS });

export const flowTasksQuery = (id: string, runIds: readonly string[]) =>
  queryOptions({
    queryKey: ['flows', id, 'tasks', runIds],
    queryFn: async ({ signal }) => {
      const pages = await Promise.all(runIds.map((run_id) => client.call('listTasks', { query: { run_id, limit: 200 }, signal })));
      return pages.flatMap(({ items }) => items);
    },
  });

export const flowRunsQuery = (id: string, runIds: readonly string[]) =>
  queryOptions({ queryKey: ['flows', id, 'runs', runIds], queryFn: ({ signal }) => Promise.all(runIds.map((run) => client.call('getSessionRun', { params: { id: run }, signal }))) });

export const flowPromptsQuery = (id: string, runIds: readonly string[]) =>
  queryOptions({
    queryKey: ['flows', id, 'prompts', runIds],
    queryFn: async ({ signal }) => {
      const asked = runIds.flatMap((run_id) => [client.call('listSessionApprovals', { query: { run_id, limit: 100 }, signal }), client.call('listQuestions', { query: { run_id, limit: 100 }, signal })]);
      const pages = await Promise.all(asked);
      return pages.flatMap(({ items }) => items).toSorted((a, b) => Date.parse(b.asked_at) - Date.parse(a.asked_at));
    },
  });
