import { Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';

import { AnchorLink } from '../parts/anchor-link.js';
import { Digest } from '../parts/digest.js';
import { Facts } from '../parts/facts.js';
import { JobGraph } from '../parts/graph/job-graph.js';
import { BrokenDocuments } from './broken-documents.js';
import { InputsTable } from './inputs-table.js';
import { jobNodes } from './job-nodes.js';
import { recentRunsQuery, useLiveRecentRuns } from './recent-runs.js';
import { RunStrip } from './run-strip.js';
import { RunsTable } from './runs-table.js';
import type { WorkflowDetail } from './workflow-entry.js';
import classes from './workflows.module.css';

export function OverviewTab({ workflow }: { readonly workflow: WorkflowDetail }) {
  const { id, name, description, digest, phases, jobs, inputs, diagnostics } = workflow;
  const navigate = useNavigate();
  const { data: recent } = useQuery(recentRunsQuery(id));
  useLiveRecentRuns(id);
  return (
    <Stack gap="lg">
      <BrokenDocuments diagnostics={diagnostics} />
      {description === null ? null : <Text className={classes['words']}>{description.trim()}</Text>}
      <Facts
        rows={[
          ['Last runs', recent === undefined ? '…' : <RunStrip key="recent" runs={recent.items} />],
          ['Phases', phases.length === 0 ? undefined : phases.map(({ label }) => label).join(' → ')],
          ['Document', <Digest key="digest" value={digest} />],
        ]}
      />
      <section aria-label="Jobs">
        <Title order={2} mb="xs">
          Jobs
        </Title>
        <JobGraph nodes={jobNodes(jobs)} label={`Jobs of ${name}`} height={Math.min(460, 200 + jobs.length * 30)} onOpen={() => void navigate({ to: '/workflows/$id', params: { id }, search: { tab: 'source' } })} />
      </section>
      <section aria-label="Inputs">
        <Title order={2} mb="xs">
          Inputs
        </Title>
        <InputsTable inputs={inputs} />
      </section>
      <section aria-label="Recent runs">
        <Group justify="space-between" mb="xs">
          <Title order={2}>Recent runs</Title>
          <AnchorLink to="/runs" search={{ workflowId: id }}>
            All runs
          </AnchorLink>
        </Group>
        {recent === undefined ? null : <RunsTable runs={recent.items} workflowId={id} />}
      </section>
    </Stack>
  );
}
