import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

interface WideTableProps {
  /** In pixels: what does not fit scrolls. */
  readonly minWidth: number;
  /** What is in it. */
  readonly label: string;
  readonly children: ReactNode;
}

/** Holds a table without links or buttons: it can be scrolled by keyboard all the same. */
export function WideTable({ minWidth, label, children }: WideTableProps) {
  return (
    <Table.ScrollContainer minWidth={minWidth} scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'group', 'aria-label': label } }}>
      {children}
    </Table.ScrollContainer>
  );
}
