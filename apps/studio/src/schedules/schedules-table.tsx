import { Table } from '@mantine/core';
import type { ScheduleView } from '@kb-labs/contracts';

import { Heads } from '../parts/heads.js';
import { ScheduleRow } from './schedule-row.js';

export function SchedulesTable({ items }: { readonly items: readonly ScheduleView[] }) {
  return (
    <Table.ScrollContainer minWidth={920}>
      <Table stickyHeader aria-label="Schedules" verticalSpacing="sm">
        <Heads of={['Workflow', 'When', 'Next times', 'Status', 'Last', { name: 'Actions', hidden: true }]} />
        <Table.Tbody>
          {items.map((item) => (
            <ScheduleRow key={item.id} schedule={item} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
