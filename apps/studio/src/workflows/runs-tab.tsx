import { Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { AnchorLink } from '../parts/anchor-link.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { recentRunsQuery, useLiveRecentRuns } from './recent-runs.js';
import { RunsTable } from './runs-table.js';
import type { WorkflowDetail } from './workflow-entry.js';

const SHOWN = 50;

/** Its newest runs as they are now; filters and what is older are on the page of all runs. */
export function RunsTab({ workflow: { id } }: { readonly workflow: WorkflowDetail }) {
  const { data, error, refetch } = useQuery(recentRunsQuery(id, SHOWN));
  useLiveRecentRuns(id, SHOWN);
  if (data === undefined) return error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />;
  return (
    <Stack gap="sm">
      <RunsTable runs={data.items} workflowId={id} />
      <Group gap={6}>
        {data.nextCursor === undefined ? null : <Text c="dimmed">These are the newest {String(data.items.length)}.</Text>}
        <AnchorLink to="/runs" search={{ workflowId: id }}>
          All runs, with filters
        </AnchorLink>
      </Group>
    </Stack>
  );
}
