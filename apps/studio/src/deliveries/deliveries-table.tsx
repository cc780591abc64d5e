import { Table, VisuallyHidden } from '@mantine/core';
import type { DeliveryView } from '@kb-labs/contracts';
import { useState } from 'react';

import { DeliveryDetails } from './delivery-details.js';
import { DeliveryRow } from './delivery-row.js';

export function DeliveriesTable({ items }: { readonly items: readonly DeliveryView[] }) {
  const [open, setOpen] = useState<string>();
  return (
    <Table.ScrollContainer minWidth={820}>
      <Table stickyHeader aria-label="Deliveries">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col" w={36}>
              <VisuallyHidden>Details</VisuallyHidden>
            </Table.Th>
            <Table.Th scope="col">Sender and event</Table.Th>
            <Table.Th scope="col">Outcome</Table.Th>
            <Table.Th scope="col">Runs</Table.Th>
            <Table.Th scope="col">Received</Table.Th>
            <Table.Th scope="col">
              <VisuallyHidden>Actions</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
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
