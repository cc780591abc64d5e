import { ActionIcon, Stack, Table, Text } from '@mantine/core';
import type { DeliveryRunView, DeliveryView } from '@kb-labs/contracts';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';

import { AnchorLink } from '../parts/anchor-link.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Time } from '../parts/time.js';
import { ReplayButton } from './replay-button.js';

interface DeliveryRowProps {
  readonly delivery: DeliveryView;
  readonly open: boolean;
  readonly onToggle: () => void;
}

export function DeliveryRow({ delivery, open, onToggle }: DeliveryRowProps) {
  const { id, source, event, outcome, runs, ignored, receivedAt, replayOf } = delivery;
  return (
    <Table.Tr data-delivery={id}>
      <Table.Td valign="top">
        <ActionIcon variant="subtle" color="gray" aria-expanded={open} aria-label={`Details of ${event ?? 'the delivery'} of ${source}`} onClick={onToggle}>
          {open ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
        </ActionIcon>
      </Table.Td>
      <Table.Td valign="top" maw={320}>
        <Text fw={500} style={{ overflowWrap: 'anywhere' }}>
          {event ?? 'no event'}
        </Text>
        <Text size="xs" c="dimmed">
          {source}
          {replayOf === null ? '' : ', replayed'}
        </Text>
      </Table.Td>
      <Table.Td valign="top">
        <StatusBadge status={outcome} />
      </Table.Td>
      <Table.Td valign="top">
        <Stack gap={2}>
          {runs.map((run) => (
            <StartedRun key={`${run.workflowId} ${run.runId ?? ''}`} run={run} />
          ))}
          {ignored.map(({ workflowId, reason }) => (
            <Text key={workflowId} size="sm" c="dimmed">
              {workflowId}: {reason}
            </Text>
          ))}
          {runs.length + ignored.length === 0 ? <Text c="dimmed">no workflow listens to it</Text> : null}
        </Stack>
      </Table.Td>
      <Table.Td valign="top">
        <Time at={receivedAt} />
      </Table.Td>
      <Table.Td valign="top">
        <ReplayButton delivery={delivery} />
      </Table.Td>
    </Table.Tr>
  );
}

function StartedRun({ run: { workflowId, runId, problem } }: { readonly run: DeliveryRunView }) {
  if (problem !== null) {
    return (
      <Text size="sm" c="var(--status-bad)">
        {workflowId}: {problem.message} ({problem.code})
      </Text>
    );
  }
  if (runId === null) return <Text size="sm">{workflowId}: about to start</Text>;
  return (
    <AnchorLink to="/runs/$id" params={{ id: runId }} size="sm" title={runId}>
      {workflowId}
    </AnchorLink>
  );
}
