import { Code, Group, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { AllowedButton } from '../parts/allowed-button.js';
import { Empty } from '../parts/empty.js';
import { Heads } from '../parts/heads.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { StatusBadge } from '../parts/status-badge.js';
import { AnchorLink } from '../parts/anchor-link.js';
import { Time } from '../parts/time.js';
import { CreatePlaybook } from './create-playbook.js';
import { groupVersions, type PlaybookGroup } from './group-versions.js';
import { playbooksQuery } from './queries.js';

export function PlaybooksPage() {
  const [creating, { open, close }] = useDisclosure(false);
  const { data, error, refetch } = useQuery(playbooksQuery);
  return (
    <Page
      title="Playbooks"
      subtitle="Procedures that never change once they are kept, and which of their versions may start flows."
      actions={
        <AllowedButton permission="write" leftSection={<IconPlus size={16} />} onClick={open}>
          New version
        </AllowedButton>
      }
    >
      <CreatePlaybook opened={creating} onClose={close} />
      {error !== null ? <Problem thrown={error} retry={() => void refetch()} /> : null}
      {data === undefined ? error === null ? <Pending /> : null : <List groups={groupVersions(data.items)} more={data.next_cursor !== undefined} />}
    </Page>
  );
}

function List({ groups, more }: { readonly groups: readonly PlaybookGroup[]; readonly more: boolean }) {
  if (groups.length === 0) {
    return (
      <Empty title="No playbook yet" command="kb playbooks create --manifest-file playbook.yml">
        A playbook says what is to be done, what has to be there before it counts as done, and what it may use. Every version is kept with its digest.
      </Empty>
    );
  }
  return (
    <Stack gap="xs">
      <Table.ScrollContainer minWidth={640}>
        <Table highlightOnHover aria-label="Playbooks">
          <Heads of={['Playbook', 'Active version', 'Versions', 'Last change']} />
          <Table.Tbody>
            {groups.map(({ id, title, active, versions }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <AnchorLink to="/playbooks/$id" params={{ id }} fw={500}>
                    {title}
                  </AnchorLink>
                  <Text size="xs" c="dimmed">
                    {id}
                  </Text>
                </Table.Td>
                <Table.Td>{active === undefined ? <Text c="dimmed">none</Text> : active.version}</Table.Td>
                <Table.Td>
                  <Group gap="md">
                    {versions.slice(0, 4).map(({ version, status }) => (
                      <Group key={version} gap={6} wrap="nowrap">
                        <AnchorLink to="/playbooks/$id" params={{ id }} search={{ version }}>
                          {version}
                        </AnchorLink>
                        <StatusBadge status={status} />
                      </Group>
                    ))}
                    {versions.length > 4 ? <Text c="dimmed">{`and ${String(versions.length - 4)} more`}</Text> : null}
                  </Group>
                </Table.Td>
                <Table.Td>
                  <Time at={versions.map(({ released_at, created_at }) => released_at ?? created_at).toSorted().at(-1) ?? null} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {more ? (
        <Text c="dimmed">
          These are the first 200 versions. <Code>kb playbooks list</Code> shows all of them.
        </Text>
      ) : null}
    </Stack>
  );
}
