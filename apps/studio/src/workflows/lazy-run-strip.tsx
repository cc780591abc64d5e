import { Skeleton } from '@mantine/core';
import { useInViewport } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';

import { SLOW_POLL_MS } from '../api/query-client.js';
import { recentRunsQuery } from './recent-runs.js';
import { RunStrip } from './run-strip.js';

/** Asks for the last runs of a workflow while it is in sight. */
export function LazyRunStrip({ workflowId }: { readonly workflowId: string }) {
  const { ref, inViewport } = useInViewport();
  const { data } = useQuery({ ...recentRunsQuery(workflowId), enabled: inViewport, refetchInterval: SLOW_POLL_MS });
  return <div ref={ref}>{data === undefined ? <Skeleton h={16} w={120} /> : <RunStrip runs={data.items} />}</div>;
}
