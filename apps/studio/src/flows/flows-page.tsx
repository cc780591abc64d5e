import type { FlowView } from '@kb-labs/contracts';
import { Group, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { AnchorLink } from '../parts/anchor-link.js';
import { Empty } from '../parts/empty.js';
import { Page } from '../parts/page.js';
import { Pages } from '../parts/pages.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { Rows } from '../parts/rows.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Time } from '../parts/time.js';
import { flowsQuery } from './queries.js';

export function FlowsPage() {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const { data, error, refetch } = useQuery(flowsQuery(cursors.at(-1)));
  return (
    <Page title="Flows" subtitle="Playbooks that were started. What a flow is follows from what its runs really did, and from the evidence that was given.">
      {error === null ? null : <Problem thrown={error} retry={() => void refetch()} />}
      {data === undefined ? (
        error === null ? (
          <Pending />
        ) : null
      ) : (
        <>
          <List flows={data.items} />
          <Pages cursors={cursors} next={data.next_cursor} onChange={setCursors} />
        </>
      )}
    </Page>
  );
}

function List({ flows }: { readonly flows: readonly FlowView[] }) {
  if (flows.length === 0) {
    return (
      <Empty title="No flow yet" command="kb flows start --playbook-id ID --version V --digest D --session-id S --request-file request.json">
        Publish a version of a playbook and start it, here or by the command line.
      </Empty>
    );
  }
  return (
    <Rows minWidth={760} label="Flows" columns={['Status', 'Flow', 'Playbook', 'Session', 'Started', 'By']}>
      {flows.map(({ flow_id, status, reasons, playbook_ref, session_id, created_at, created_by, phase_states }) => (
        <Table.Tr key={flow_id}>
          <Table.Td>
            <StatusBadge status={status} />
            <Text size="xs" c="dimmed" lineClamp={1}>
              {reasons[0]?.message}
            </Text>
          </Table.Td>
          <Table.Td>
            <AnchorLink to="/flows/$id" params={{ id: flow_id }} fw={500}>
              {flow_id}
            </AnchorLink>
            <Group gap={4}>
              {phase_states.map(({ phase_id, status: phase }) => (
                <StatusBadge key={phase_id} status={phase} note={phase_id} iconOnly />
              ))}
            </Group>
          </Table.Td>
          <Table.Td>
            <AnchorLink to="/playbooks/$id" params={{ id: playbook_ref.playbook_id }} search={{ version: playbook_ref.version }}>
              {`${playbook_ref.playbook_id} ${playbook_ref.version}`}
            </AnchorLink>
          </Table.Td>
          <Table.Td>
            <AnchorLink to="/sessions/$id" params={{ id: session_id }}>
              {session_id}
            </AnchorLink>
          </Table.Td>
          <Table.Td>
            <Time at={created_at} />
          </Table.Td>
          <Table.Td>{created_by}</Table.Td>
        </Table.Tr>
      ))}
    </Rows>
  );
}
