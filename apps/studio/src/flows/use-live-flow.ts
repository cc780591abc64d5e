import type { FlowStatus } from '@kb-labs/contracts';
import type { RunEventView } from '@kb-labs/contracts/http';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';

import { throttle } from '../api/throttle.js';
import { useStream } from '../api/use-stream.js';

/** Statuses that a flow does not leave any more. */
const SETTLED: readonly FlowStatus[] = ['succeeded', 'failed', 'cancelled'];
/** Between two looks at a flow whose runs go on. */
const LOOK_MS = 500;

/** Follows the root run of a flow; with every event the flow is looked at anew. Answers the events so far. */
export function useLiveFlow(id: string, { runId, status }: { readonly runId: string | null; readonly status: FlowStatus }): readonly RunEventView[] {
  const [events, setEvents] = useState<readonly RunEventView[]>([]);
  const queries = useQueryClient();
  const look = useMemo(() => throttle(() => void queries.invalidateQueries({ queryKey: ['flows', id] }), LOOK_MS), [queries, id]);
  useEffect(() => look.stop, [look]);
  // Of a flow that has settled, the events are read as well; there is nothing to look at anew.
  const settled = SETTLED.includes(status);
  useStream({
    name: 'streamFlow',
    request: { params: { id } },
    enabled: runId !== null,
    onEvent: ({ data }) => {
      setEvents((before) => [...before, data]);
      if (!settled) look.call();
    },
    onEnd: look.call,
  });
  return events;
}
