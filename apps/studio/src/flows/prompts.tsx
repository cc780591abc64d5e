import type { PromptView } from '@kb-labs/contracts';
import { Stack, Table, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';

import { ApprovalPanel } from '../approvals/approval-panel.js';
import { Rows } from '../parts/rows.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Time } from '../parts/time.js';

/** What people were asked: what waits can be decided here, the rest is kept. */
export function Prompts({ prompts }: { readonly prompts: readonly PromptView[] }) {
  const queries = useQueryClient();
  if (prompts.length === 0) return <Text c="dimmed">Nobody was asked anything.</Text>;
  const pending = prompts.filter(({ status }) => status === 'pending');
  const resolved = prompts.filter(({ status }) => status !== 'pending');
  return (
    <Stack>
      {pending.map(({ id, run_id, task_id, step, title, instructions, context, form, subject, expires_at }) => (
        <ApprovalPanel
          key={id}
          runId={run_id}
          job={task_id.slice(run_id.length + 1)}
          step={step}
          wait={{ kind: 'approval', title, instructions, context, approvers: null, form, subject, expiresAt: expires_at }}
          onDone={() => void queries.invalidateQueries({ queryKey: ['flows'] })}
        />
      ))}
      {resolved.length === 0 ? null : (
        <Rows minWidth={560} label="Prompts that were resolved" columns={['Outcome', 'Asked', 'By', 'When', 'Comment']}>
          {resolved.map(({ id, status, title, resolved_by, resolved_at, comment }) => (
            <Table.Tr key={id}>
              <Table.Td>
                <StatusBadge status={status} />
              </Table.Td>
              <Table.Td>{title}</Table.Td>
              <Table.Td>{resolved_by ?? ''}</Table.Td>
              <Table.Td>
                <Time at={resolved_at} />
              </Table.Td>
              <Table.Td>{comment ?? ''}</Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
    </Stack>
  );
}
