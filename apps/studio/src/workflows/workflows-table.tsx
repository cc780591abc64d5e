import { ActionIcon, Table, Text, Tooltip } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';

import { AnchorLink } from '../parts/anchor-link.js';
import { Heads } from '../parts/heads.js';
import { StatusBadge } from '../parts/status-badge.js';
import { LazyRunStrip } from './lazy-run-strip.js';
import type { WorkflowEntry } from './workflow-entry.js';
import classes from './workflows.module.css';

export function WorkflowsTable({ items }: { readonly items: readonly WorkflowEntry[] }) {
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table highlightOnHover stickyHeader aria-label="Workflows">
        <Heads of={['Workflow', 'Started by', 'File', 'Last runs', { name: 'Actions', hidden: true, width: 48 }]} />
        <Table.Tbody>
          {items.map((item) => (
            <WorkflowRow key={item.id} item={item} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function WorkflowRow({ item: { id, name, file, triggers, valid } }: { readonly item: WorkflowEntry }) {
  return (
    <Table.Tr data-workflow={id}>
      <Table.Td maw={380}>
        <AnchorLink to="/workflows/$id" params={{ id }} fw={500} style={{ overflowWrap: 'anywhere' }}>
          {name}
        </AnchorLink>
        <Text size="xs" c="dimmed" component="div">
          {id} {valid ? null : <StatusBadge status="broken" />}
        </Text>
      </Table.Td>
      <Table.Td>{triggers.length === 0 ? <Text c="dimmed">nothing</Text> : triggers.join(', ')}</Table.Td>
      <Table.Td className={classes['mono']}>{file}</Table.Td>
      <Table.Td>
        <LazyRunStrip workflowId={id} />
      </Table.Td>
      <Table.Td>
        <Tooltip label={`Run ${name}`}>
          <ActionIcon renderRoot={(props) => <Link to="/workflows/$id" params={{ id }} search={{ tab: 'run' }} {...props} />} variant="subtle" color="gray" aria-label={`Run ${name}`}>
            <IconPlayerPlay size={16} />
          </ActionIcon>
        </Tooltip>
      </Table.Td>
    </Table.Tr>
  );
}
