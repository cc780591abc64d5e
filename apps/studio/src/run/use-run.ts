import { isTerminalRun, type RunView } from '@kb-labs/contracts';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';

import { client } from '../api/client.js';
import { queryClient, SLOW_POLL_MS } from '../api/query-client.js';
import { createRefresher, type Refresher } from '../api/refresher.js';
import { useStream } from '../api/use-stream.js';
import { EventLog } from './event-log.js';

/** How soon a run is read again after it was. Of a large one the answer is large. */
const GAP_MS = 250;
const LARGE_GAP_MS = 1_000;
const LARGE = 500;

const runQuery = (id: string) => queryOptions({ queryKey: ['run', id], queryFn: async ({ signal }) => (await client.call('getRun', { params: { id }, signal })) as RunView });

export interface LiveRun {
  readonly run: RunView | undefined;
  readonly problem: unknown;
  readonly events: EventLog;
  /** Reads it again, after a change of one's own. */
  readonly refresh: () => void;
}

/** A run as it is now: its events say when to read it again, to its end. */
export function useRun(id: string): LiveRun {
  const query = runQuery(id);
  const { data, error, refetch } = useQuery({
    ...query,
    // What no event tells: whether there is a worker for it.
    refetchInterval: ({ state }) => (state.data !== undefined && isTerminalRun(state.data.status) ? false : SLOW_POLL_MS),
  });
  const events = useMemo(() => new EventLog((tell) => requestAnimationFrame(tell)), [id]);
  const refresher = useRef<Refresher>(null);
  useEffect(() => {
    const own = createRefresher({
      read: () => queryClient.fetchQuery({ ...runQuery(id), staleTime: 0 }),
      gapMs: () => ((queryClient.getQueryData(runQuery(id).queryKey)?.jobs.length ?? 0) >= LARGE ? LARGE_GAP_MS : GAP_MS),
    });
    refresher.current = own;
    return () => {
      own.stop();
    };
  }, [id]);
  const refresh = (): void => refresher.current?.ask();
  useStream({
    name: 'runEvents',
    request: { params: { id } },
    onEvent: ({ data: event }) => {
      events.append(event);
      const known = queryClient.getQueryData(query.queryKey);
      // What happened before the run was read is in it already.
      if (known === undefined || !isTerminalRun(known.status)) refresh();
    },
    onEnd: () => {
      const known = queryClient.getQueryData(query.queryKey);
      if (known === undefined || !isTerminalRun(known.status)) refresh();
    },
  });
  return { run: data, problem: data === undefined ? (error ?? undefined) : undefined, events, refresh: data === undefined ? () => void refetch() : refresh };
}
