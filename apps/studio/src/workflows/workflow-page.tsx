import { Group, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { SLOW_POLL_MS } from '../api/query-client.js';
import { workflowQuery } from '../api/workflows.js';
import type { WorkflowSearch } from '../app/searches.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { StatusBadge } from '../parts/status-badge.js';
import { OverviewTab } from './overview-tab.js';
import { RunTab } from './run-tab.js';
import { RunsTab } from './runs-tab.js';
import { SourceTab } from './source-tab.js';
import { TriggersTab } from './triggers-tab.js';

const route = getRouteApi('/workflows/$id');
const CRUMBS = [{ text: 'Workflows', to: '/workflows' }] as const;
const TABS = [
  ['overview', 'Overview', OverviewTab],
  ['run', 'Run', RunTab],
  ['source', 'Source', SourceTab],
  ['triggers', 'Triggers', TriggersTab],
  ['runs', 'Runs', RunsTab],
] as const;

/** One workflow: what it is, how it is started, how it went. */
export function WorkflowPage() {
  const { id } = route.useParams();
  const { tab = 'overview' } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: workflow, error, refetch } = useQuery({ ...workflowQuery(id), refetchInterval: SLOW_POLL_MS });
  if (workflow === undefined) {
    return (
      <Page title={id} crumbs={CRUMBS}>
        {error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />}
      </Page>
    );
  }
  return (
    <Page
      title={workflow.name}
      crumbs={CRUMBS}
      subtitle={
        <Group gap="xs">
          {[workflow.id, workflow.version, workflow.file].filter((part) => part !== null).join(' · ')}
          {workflow.valid ? null : <StatusBadge status="broken" />}
        </Group>
      }
    >
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) => {
          const wanted = TABS.find(([name]) => name === next)?.[0] ?? 'overview';
          const search: WorkflowSearch = wanted === 'overview' ? {} : { tab: wanted };
          void navigate({ search, replace: true });
        }}
      >
        <Tabs.List mb="md">
          {TABS.map(([name, text]) => (
            <Tabs.Tab key={name} value={name}>
              {text}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map(([name, , Content]) => (
          <Tabs.Panel key={name} value={name}>
            <Content workflow={workflow} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
