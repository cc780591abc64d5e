import { Table, Text, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconSelector } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';

import classes from './artifacts.module.css';
import { compareCells, type TableData } from './read-table.js';

const ROW_HEIGHT = 32;

interface Order {
  readonly column: number;
  readonly descending: boolean;
}

/** A table that is sorted by the column that was clicked: up, down, as it came. */
export function TableView({ data: { columns, rows, left }, label }: { readonly data: TableData; readonly label: string }) {
  const [order, setOrder] = useState<Order>();
  const scroll = useRef<HTMLDivElement>(null);
  const sorted = useMemo(() => (order === undefined ? rows : rows.toSorted((one, other) => (order.descending ? -1 : 1) * compareCells(one[order.column] ?? '', other[order.column] ?? ''))), [rows, order]);
  const virtual = useVirtualizer({ count: sorted.length, getScrollElement: () => scroll.current, estimateSize: () => ROW_HEIGHT, overscan: 10 });
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <>
      <div ref={scroll} className={classes['table']} tabIndex={0} role="group" aria-label={label}>
        <Table highlightOnHover stickyHeader aria-label={label} aria-rowcount={sorted.length + 1}>
          <Table.Thead>
            <Table.Tr>
              {columns.map((name, column) => (
                <Table.Th key={column} scope="col" aria-sort={order?.column !== column ? 'none' : order.descending ? 'descending' : 'ascending'}>
                  <UnstyledButton
                    className={classes['sort'] ?? ''}
                    onClick={() => {
                      setOrder(nextOrder(order, column));
                    }}
                  >
                    <span>{name === '' ? `column ${String(column + 1)}` : name}</span>
                    {order?.column !== column ? <IconSelector size={14} aria-hidden /> : order.descending ? <IconArrowDown size={14} aria-hidden /> : <IconArrowUp size={14} aria-hidden />}
                  </UnstyledButton>
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {above > 0 ? <tr aria-hidden style={{ height: above }} /> : null}
            {items.map(({ index }) => (
              <Table.Tr key={index} aria-rowindex={index + 2} style={{ height: ROW_HEIGHT }}>
                {columns.map((_name, column) => (
                  <Table.Td key={column} className={classes['cell'] ?? ''}>
                    {sorted[index]?.[column] ?? ''}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
            {below > 0 ? <tr aria-hidden style={{ height: below }} /> : null}
          </Table.Tbody>
        </Table>
      </div>
      <Text size="xs" c="dimmed">
        {rows.length === 1 ? '1 row' : `${String(rows.length)} rows`}
        {left === 0 ? '' : `, ${String(left)} more columns in the file`}
      </Text>
    </>
  );
}

function nextOrder(order: Order | undefined, column: number): Order | undefined {
  if (order?.column !== column) return { column, descending: false };
  return order.descending ? undefined : { column, descending: true };
}
