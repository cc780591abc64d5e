import type { FlowContractView } from '@kb-labs/contracts';
import { List, Stack, Table, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

import { Facts } from '../parts/facts.js';
import { AnchorLink } from '../parts/anchor-link.js';
import { Rows } from '../parts/rows.js';
import { StatusBadge } from '../parts/status-badge.js';
import classes from './flow.module.css';

/** What has to be there before a flow counts as done, and what it may use. */
export function Contract({ contract }: { readonly contract: FlowContractView }) {
  const { required_evidence: required, acceptance_criteria: criteria, preconditions, tools } = contract;
  return (
    <Stack gap="lg">
      <Part title="Required evidence">
        {required.length === 0 ? (
          <Text c="dimmed">The playbook requires none.</Text>
        ) : (
          <Rows minWidth={560} label="Required evidence" columns={['State', 'Evidence', 'For', 'Given']}>
            {required.map(({ kind, id = '', description, phase_id, satisfied, evidence_ids }) => (
              <Table.Tr key={`${phase_id ?? ''} ${kind} ${id}`}>
                <Table.Td>{satisfied ? <StatusBadge status="completed" text="given" /> : <StatusBadge status="waiting" text="missing" />}</Table.Td>
                <Table.Td>
                  {`${kind} ${id}`}
                  {description === undefined ? null : (
                    <Text size="xs" c="dimmed">
                      {description}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>{phase_id === null ? 'the playbook' : `phase ${phase_id}`}</Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{evidence_ids.join(', ')}</Table.Td>
              </Table.Tr>
            ))}
          </Rows>
        )}
      </Part>
      <Lines title="Counts as done when" lines={criteria} />
      <Lines title="Preconditions" lines={preconditions} />
      <Part title="Tools">
        <Facts rows={[['A breach', tools.enforced ? 'fails the flow' : 'is shown, and fails nothing'], ['Used', tools.used.length === 0 ? 'none yet' : tools.used.join(', ')]]} />
        {tools.violations.map(({ tool, run_id, task_id, step }) => (
          <Text key={`${task_id} ${step} ${tool}`} className={classes['bad']}>
            {`Not allowed: ${tool}, in step ${step} of `}
            <AnchorLink to="/runs/$id" params={{ id: run_id }}>
              {task_id}
            </AnchorLink>
          </Text>
        ))}
      </Part>
    </Stack>
  );
}

function Lines({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <Part title={title}>
      <List>
        {lines.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
    </Part>
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
