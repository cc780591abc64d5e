import type { SessionView } from '@kb-labs/contracts';
import { Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { AllowedButton } from '../parts/allowed-button.js';
import { AnchorLink } from '../parts/anchor-link.js';
import { Empty } from '../parts/empty.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { Rows } from '../parts/rows.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Time } from '../parts/time.js';
import { CreateSession } from './create-session.js';
import { sessionsQuery } from './queries.js';

export function SessionsPage() {
  const [creating, { open, close }] = useDisclosure(false);
  const { data, error, refetch } = useQuery(sessionsQuery);
  return (
    <Page
      title="Sessions"
      subtitle="In a session one run goes on at a time; others wait for their turn."
      actions={
        <AllowedButton permission="run" leftSection={<IconPlus size={16} />} onClick={open}>
          Open a session
        </AllowedButton>
      }
    >
      {creating ? <CreateSession onClose={close} /> : null}
      {error === null ? null : <Problem thrown={error} retry={() => void refetch()} />}
      {data === undefined ? error === null ? <Pending /> : null : <List sessions={data.items} more={data.next_cursor !== undefined} />}
    </Page>
  );
}

function List({ sessions, more }: { readonly sessions: readonly SessionView[]; readonly more: boolean }) {
  if (sessions.length === 0) {
    return (
      <Empty title="No session yet" command="kb sessions create ID">
        Flows are started in one.
      </Empty>
    );
  }
  return (
    <>
      <Rows minWidth={640} label="Sessions" columns={['Status', 'Session', 'Goes on', 'Waiting', 'Opened', 'By']}>
        {sessions.map(({ session_id, title, status, active_run_id, queued_run_ids, created_at, created_by }) => (
          <Table.Tr key={session_id}>
            <Table.Td>
              <StatusBadge status={status} />
            </Table.Td>
            <Table.Td>
              <AnchorLink to="/sessions/$id" params={{ id: session_id }} fw={500}>
                {session_id}
              </AnchorLink>
              {title === null ? null : (
                <Text size="xs" c="dimmed">
                  {title}
                </Text>
              )}
            </Table.Td>
            <Table.Td>
              {active_run_id === null ? (
                ''
              ) : (
                <AnchorLink to="/runs/$id" params={{ id: active_run_id }}>
                  {active_run_id}
                </AnchorLink>
              )}
            </Table.Td>
            <Table.Td>{queued_run_ids.length === 0 ? '' : queued_run_ids.length}</Table.Td>
            <Table.Td>
              <Time at={created_at} />
            </Table.Td>
            <Table.Td>{created_by}</Table.Td>
          </Table.Tr>
        ))}
      </Rows>
      {more ? <Text c="dimmed">These are 100 of them. kb sessions list shows all.</Text> : null}
    </>
  );
}
