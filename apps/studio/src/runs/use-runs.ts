import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { client } from '../api/client.js';
import { queryClient } from '../api/query-client.js';
import { useStream } from '../api/use-stream.js';
import type { RunsSearch } from '../app/searches.js';
import { firstPages, withLive, withOlder, type RunPages } from './run-pages.js';

/** Of the page that is live, and of those behind it. */
const LIVE = 50;
const OLDER = 100;

export interface LiveRuns {
  readonly pages: RunPages | undefined;
  /** What is shown is still of the filters before. */
  readonly stale: boolean;
  readonly problem: unknown;
  readonly retry: () => void;
  readonly loading: boolean;
  /** Why older runs could not be read. */
  readonly olderProblem: unknown;
  readonly loadOlder: () => void;
}

/** The runs that are asked for: the newest as they are now, and on demand those behind them. */
export function useRuns(search: RunsSearch): LiveRuns {
  const queryKey = ['runs', search] as const;
  const query = { ...search, limit: LIVE };
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => firstPages(await client.call('listRuns', { query, signal })),
    // Kept as it is now by the stream.
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
  useStream({
    name: 'listRuns',
    request: { query },
    onEvent: ({ data: page }) => {
      queryClient.setQueryData<RunPages>(queryKey, (known) => withLive(known, page));
    },
  });
  const [older, setOlder] = useState<{ readonly of: string; readonly loading: boolean; readonly problem: unknown }>();
  const of = JSON.stringify(search);
  const loadOlder = async (cursor: string): Promise<void> => {
    setOlder({ of, loading: true, problem: undefined });
    try {
      const page = await client.call('listRuns', { query: { ...search, cursor, limit: OLDER } });
      queryClient.setQueryData<RunPages>(queryKey, (known) => (known === undefined ? known : withOlder(known, page)));
      setOlder({ of, loading: false, problem: undefined });
    } catch (thrown) {
      setOlder({ of, loading: false, problem: thrown });
    }
  };
  const own = older?.of === of ? older : undefined;
  return {
    pages: data,
    stale: isPlaceholderData,
    problem: error ?? undefined,
    retry: () => void refetch(),
    loading: own?.loading ?? false,
    olderProblem: own?.problem,
    loadOlder: () => {
      const next = data?.next ?? null;
      if (next !== null && own?.loading !== true && !isPlaceholderData) void loadOlder(next);
    },
  };
}
