import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

interface RowsProps {
  /** What they are rows of. */
  readonly label: string;
  readonly columns: readonly string[];
  /** In pixels: what does not fit scrolls. */
  readonly minWidth?: number;
  /** `Table.Tr`, one for each. */
  readonly children: ReactNode;
}

/** A table with one line of heads. */
export function Rows({ label, columns, minWidth = 640, children }: RowsProps) {
  return (
    <Table.ScrollContainer minWidth={minWidth}>
      <Table highlightOnHover aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((name) => (
              <Table.Th key={name} scope="col">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
