import { Table, Text } from '@mantine/core';
import type { ApiKeyView } from '@kb-labs/contracts';

import { Heads } from '../parts/heads.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Time } from '../parts/time.js';
import { RevokeKey } from './revoke-key.js';

export function KeysTable({ items }: { readonly items: readonly ApiKeyView[] }) {
  return (
    <Table.ScrollContainer minWidth={860}>
      <Table highlightOnHover stickyHeader aria-label="Keys">
        <Heads of={['Name', 'Role', 'Status', 'Made', 'Expires', 'Last used', { name: 'Actions', hidden: true }]} />
        <Table.Tbody>
          {items.map((key) => (
            <Table.Tr key={key.id} data-key={key.id}>
              <Table.Td maw={280} style={{ overflowWrap: 'anywhere' }}>
                <Text fw={500}>{key.name}</Text>
                <Text size="xs" c="dimmed" ff="monospace">
                  kb_{key.id}_…
                </Text>
              </Table.Td>
              <Table.Td>{key.role}</Table.Td>
              <Table.Td>
                <StatusBadge status={key.status} />
              </Table.Td>
              <Table.Td>
                <Time at={key.createdAt} />
                <Text size="xs" c="dimmed">
                  by {key.createdBy}
                </Text>
              </Table.Td>
              <Table.Td>{key.expiresAt === null ? 'never' : <Time at={key.expiresAt} />}</Table.Td>
              <Table.Td>{key.lastUsedAt === null ? 'never' : <Time at={key.lastUsedAt} />}</Table.Td>
              <Table.Td>{key.status === 'active' ? <RevokeKey apiKey={key} /> : null}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
