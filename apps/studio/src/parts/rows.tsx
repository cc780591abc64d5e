import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

import { type Head, Heads } from './heads.js';

interface RowsProps {
  /** What they are rows of. */
  readonly label: string;
  readonly columns: readonly Head[];
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
        <Heads of={columns} />
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
