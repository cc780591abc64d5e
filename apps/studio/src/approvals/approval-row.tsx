import { Anchor, Table, Text } from '@mantine/core';

import { AnchorLink } from '../parts/anchor-link.js';
import { Time } from '../parts/time.js';
import type { PendingApproval } from './pending-approval.js';

export function ApprovalRow({ item, onOpen }: { readonly item: PendingApproval; readonly onOpen: () => void }) {
  const { title, workflowId, runId, job, step, approvers, since, expiresAt } = item;
  return (
    <Table.Tr>
      <Table.Td maw={360}>
        <Anchor component="button" type="button" ta="left" fw={500} onClick={onOpen} style={{ overflowWrap: 'anywhere' }}>
          {title}
        </Anchor>
        <Text size="xs" c="dimmed">
          {job} / {step}
        </Text>
      </Table.Td>
      <Table.Td>
        <AnchorLink to="/workflows/$id" params={{ id: workflowId }}>
          {workflowId}
        </AnchorLink>
        <div>
          <AnchorLink to="/runs/$id" params={{ id: runId }} size="xs" ff="monospace">
            {runId}
          </AnchorLink>
        </div>
      </Table.Td>
      <Table.Td>{approvers === null ? 'anybody' : approvers.join(', ')}</Table.Td>
      <Table.Td>
        <Time at={since} />
      </Table.Td>
      <Table.Td>{expiresAt === null ? 'never' : <Time at={expiresAt} />}</Table.Td>
    </Table.Tr>
  );
}
