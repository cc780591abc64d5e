import { Table } from '@mantine/core';
import type { DeliveryView } from '@kb-labs/contracts';
import { useState } from 'react';

import { Heads } from '../parts/heads.js';
import { DeliveryDetails } from './delivery-details.js';
import { DeliveryRow } from './delivery-row.js';

export function DeliveriesTable({ items }: { readonly items: readonly DeliveryView[] }) {
  const [open, setOpen] = useState<string>();
  return (
    <Table.ScrollContainer minWidth={820}>
      <Table stickyHeader aria-label="Deliveries">
        <Heads of={[{ name: 'Details', hidden: true, width: 36 }, 'Sender and event', 'Outcome', 'Runs', 'Received', { name: 'Actions', hidden: true }]} />
        <Table.Tbody>
          {items.flatMap((item) => [
            <DeliveryRow
              key={item.id}
              delivery={item}
              open={open === item.id}
              onToggle={() => {
                setOpen(open === item.id ? undefined : item.id);
              }}
            />,
            ...(open === item.id
              ? [
                  <Table.Tr key={`${item.id} details`}>
                    <Table.Td colSpan={6}>
                      <DeliveryDetails delivery={item} />
                    </Table.Td>
                  </Table.Tr>,
                ]
              : []),
          ])}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
