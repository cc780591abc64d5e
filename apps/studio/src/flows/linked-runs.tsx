import type { FlowView } from '@kb-labs/contracts';
import { Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { AnchorLink } from '../parts/anchor-link.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { Rows } from '../parts/rows.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Duration } from '../parts/time.js';
import { Prompts } from './prompts.js';
import { flowPromptsQuery, flowRunsQuery, flowTasksQuery } from './queries.js';

/** What a flow consists of: its runs, who carried them out, their tasks, and what people were asked. */
export function LinkedRuns({ flow }: { readonly flow: FlowView }) {
  const { flow_id: id, run_id: root, child_run_ids: children, agent_ids: agents } = flow;
  const runIds = [...(root === null ? [] : [root]), ...children];
  return (
    <Stack gap="lg">
      <Part title="Prompts">
        <PromptsOf id={id} runIds={runIds} />
      </Part>
      <Part title="Runs">
        <Runs id={id} runIds={runIds} root={root} />
      </Part>
      <Part title="Tasks">
        <Tasks id={id} runIds={runIds} />
      </Part>
      <Part title="Agents">
        <Text>{agents.join(', ')}</Text>
      </Part>
    </Stack>
  );
}

interface Of {
  readonly id: string;
  readonly runIds: readonly string[];
}

function PromptsOf({ id, runIds }: Of) {
  const { data, error } = useQuery(flowPromptsQuery(id, runIds));
  if (error !== null) return <Problem thrown={error} />;
  return data === undefined ? <Pending /> : <Prompts prompts={data} />;
}

function Runs({ id, runIds, root }: Of & { readonly root: string | null }) {
  const { data, error } = useQuery(flowRunsQuery(id, runIds));
  if (error !== null) return <Problem thrown={error} />;
  if (data === undefined) return <Pending />;
  if (data.length === 0) return <Text c="dimmed">The root run has not begun.</Text>;
  return (
    <Rows minWidth={680} label="Runs" columns={['Status', 'Run', 'Workflow', 'Agent', 'Took']}>
      {data.map((run) => (
        <Table.Tr key={run.run_id}>
          <Table.Td>
            <StatusBadge status={run.status} />
          </Table.Td>
          <Table.Td>
            <AnchorLink to="/runs/$id" params={{ id: run.run_id }}>
              {run.run_id}
            </AnchorLink>
            <Text size="xs" c="dimmed">
              {run.run_id === root ? 'root' : `called by ${run.parent_run_id ?? 'nobody'}`}
            </Text>
          </Table.Td>
          <Table.Td>{run.workflow_id}</Table.Td>
          <Table.Td>{run.agent_id}</Table.Td>
          <Table.Td>
            <Duration from={run.started_at} to={run.finished_at} />
          </Table.Td>
        </Table.Tr>
      ))}
    </Rows>
  );
}

function Tasks({ id, runIds }: Of) {
  const { data, error } = useQuery(flowTasksQuery(id, runIds));
  if (error !== null) return <Problem thrown={error} />;
  if (data === undefined) return <Pending />;
  if (data.length === 0) return <Text c="dimmed">There is none yet.</Text>;
  return (
    <Rows minWidth={680} label="Tasks" columns={['Status', 'Task', 'Why', 'Exit code', 'Took', 'Output']}>
      {data.map((task) => (
        <Table.Tr key={task.task_id}>
          <Table.Td>
            <StatusBadge status={task.status} />
          </Table.Td>
          <Table.Td>{task.job}</Table.Td>
          <Table.Td>{task.error?.message ?? task.terminal_reason ?? ''}</Table.Td>
          <Table.Td>{task.exit_code ?? ''}</Table.Td>
          <Table.Td>
            <Duration from={task.started_at} to={task.finished_at} />
          </Table.Td>
          <Table.Td>
            <AnchorLink to="/runs/$id" params={{ id: task.run_id }} search={{ tab: 'log', job: task.job }}>
              log
            </AnchorLink>
          </Table.Td>
        </Table.Tr>
      ))}
    </Rows>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Stack gap="xs" component="section">
      <Title order={2}>{title}</Title>
      {children}
    </Stack>
  );
}
