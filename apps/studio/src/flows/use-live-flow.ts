import type { FlowStatus } from '@kb-labs/contracts';
import type { RunEventView } from '@kb-labs/contracts/http';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';

import { createRefresher, type Refresher } from '../api/refresher.js';
import { useStream } from '../api/use-stream.js';

/** Statuses that a flow does not leave any more. */
const SETTLED: readonly FlowStatus[] = ['succeeded', 'failed', 'cancelled'];
/** Between two looks at a flow whose runs go on. */
const LOOK_MS = 500;

/** Follows the root run of a flow; with every event the flow is looked at anew. Answers the events so far. */
export function useLiveFlow(id: string, { runId, status }: { readonly runId: string | null; readonly status: FlowStatus }): readonly RunEventView[] {
  const [events, setEvents] = useState<readonly RunEventView[]>([]);
  const queries = useQueryClient();
  const refresher = useRef<Refresher>(null);
  useEffect(() => {
    const own = createRefresher({ read: () => queries.invalidateQueries({ queryKey: ['flows', id] }), gapMs: () => LOOK_MS });
    refresher.current = own;
    return () => {
      own.stop();
    };
  }, [queries, id]);
  const look = (): void => refresher.current?.ask();
  // Of a flow that has settled, the events are read as well; there is nothing to look at anew.
  const settled = SETTLED.includes(status);
  useStream({
    name: 'streamFlow',
    request: { params: { id } },
    enabled: runId !== null,
    onEvent: ({ data }) => {
      setEvents((before) => [...before, data]);
      if (!settled) look();
    },
    onEnd: look,
  });
  return events;
}
