import type { PlaybookSummaryView } from '@kb-labs/contracts';
import { Table, Text } from '@mantine/core';

import { Digest } from '../parts/digest.js';
import { Heads } from '../parts/heads.js';
import { StatusBadge } from '../parts/status-badge.js';
import { AnchorLink } from '../parts/anchor-link.js';
import { Time } from '../parts/time.js';

export function Versions({ versions, shown }: { readonly versions: readonly PlaybookSummaryView[]; readonly shown: string }) {
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table highlightOnHover aria-label="Versions">
        <Heads of={['Version', 'State', 'Digest', 'Kept', 'By', 'Released', { name: 'What can be done', hidden: true }]} />
        <Table.Tbody>
          {versions.map(({ playbook_id: id, version, status, digest, created_at, created_by, released_at }) => (
            <Table.Tr key={version} aria-current={version === shown}>
              <Table.Td>
                <AnchorLink to="/playbooks/$id" params={{ id }} search={{ version }} fw={version === shown ? 600 : 400}>
                  {version}
                </AnchorLink>
              </Table.Td>
              <Table.Td>
                <StatusBadge status={status} />
              </Table.Td>
              <Table.Td>
                <Digest value={digest} />
              </Table.Td>
              <Table.Td>
                <Time at={created_at} />
              </Table.Td>
              <Table.Td>{created_by}</Table.Td>
              <Table.Td>
                <Time at={released_at} />
              </Table.Td>
              <Table.Td>
                {version === shown ? (
                  <Text c="dimmed">shown</Text>
                ) : (
                  <AnchorLink to="/playbooks/$id" params={{ id }} search={{ version: shown, tab: 'diff', from: version, to: shown }}>
                    differences to {shown}
                  </AnchorLink>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
