import { Table, VisuallyHidden } from '@mantine/core';
import type { ScheduleView } from '@kb-labs/contracts';

import { ScheduleRow } from './schedule-row.js';

export function SchedulesTable({ items }: { readonly items: readonly ScheduleView[] }) {
  return (
    <Table.ScrollContainer minWidth={920}>
      <Table stickyHeader aria-label="Schedules" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Workflow</Table.Th>
            <Table.Th scope="col">When</Table.Th>
            <Table.Th scope="col">Next times</Table.Th>
            <Table.Th scope="col">Status</Table.Th>
            <Table.Th scope="col">Last</Table.Th>
            <Table.Th scope="col">
              <VisuallyHidden>Actions</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((item) => (
            <ScheduleRow key={item.id} schedule={item} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
