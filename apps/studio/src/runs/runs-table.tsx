import { Checkbox, Table } from '@mantine/core';
import type { RunSummaryView } from '@kb-labs/contracts';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState } from 'react';

import { useTimeStyle } from '../parts/time.js';
import { RunRow } from './run-row.js';
import classes from './runs.module.css';

const ROW = 43;
/** The header of all pages, and of the table. */
const ABOVE = 52 + 42;

interface RunsTableProps {
  readonly runs: readonly RunSummaryView[];
  readonly chosen: ReadonlySet<string>;
  readonly current: string | null;
  readonly stale: boolean;
  readonly onChoose: (id: string, range: boolean) => void;
  readonly onChooseAll: () => void;
  readonly onOpen: (id: string) => void;
}

/** The runs as rows, of which only those in sight are made. */
export function RunsTable({ runs, chosen, current, stale, onChoose, onChooseAll, onOpen }: RunsTableProps) {
  const [style] = useTimeStyle();
  const top = useRef<HTMLDivElement>(null);
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => {
    const at = Math.round((top.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    if (at !== scrollMargin) setScrollMargin(at);
  });
  const rows = useWindowVirtualizer({ count: runs.length, estimateSize: () => ROW, overscan: 12, scrollMargin, scrollPaddingStart: ABOVE, getItemKey: (index) => runs[index]?.id ?? index });
  const currentIndex = current === null ? -1 : runs.findIndex(({ id }) => id === current);
  useLayoutEffect(() => {
    if (currentIndex !== -1) rows.scrollToIndex(currentIndex, { align: 'auto' });
    // Only when another run is the current one: not when rows come in above it.
    // (The virtualizer is the same object for ever.)
  }, [current]);
  const items = rows.getVirtualItems();
  const [first, last] = [items[0], items.at(-1)];
  const before = first === undefined ? 0 : first.start - scrollMargin;
  const after = last === undefined ? 0 : rows.getTotalSize() - (last.end - scrollMargin);
  const all = runs.length > 0 && runs.every(({ id }) => chosen.has(id));
  return (
    <div ref={top} className={[style === 'absolute' ? classes['absolute'] : '', stale ? classes['stale'] : ''].join(' ')}>
      <Table className={classes['table']} highlightOnHover stickyHeader stickyHeaderOffset={52} aria-label="Runs" aria-rowcount={runs.length + 1}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col" className={classes['check']}>
              <Checkbox size="xs" aria-label="Select all runs that are shown" checked={all} indeterminate={!all && chosen.size > 0} onChange={onChooseAll} />
            </Table.Th>
            <Table.Th scope="col" className={classes['status']}>Status</Table.Th>
            <Table.Th scope="col" className={classes['workflow']}>Workflow</Table.Th>
            <Table.Th scope="col" className={classes['id']}>Run</Table.Th>
            <Table.Th scope="col" className={classes['trigger']}>Trigger</Table.Th>
            <Table.Th scope="col" className={classes['branch']}>Branch</Table.Th>
            <Table.Th scope="col" className={classes['created']}>Created</Table.Th>
            <Table.Th scope="col" className={classes['duration']}>Duration</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Spacer height={before} />
          {items.map(({ index }) => {
            const run = runs[index];
            return run === undefined ? null : (
              <RunRow key={run.id} run={run} index={index} chosen={chosen.has(run.id)} current={run.id === current} onChoose={onChoose} onOpen={onOpen} />
            );
          })}
          <Spacer height={after} />
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Spacer({ height }: { readonly height: number }) {
  return height <= 0 ? null : <tr aria-hidden style={{ height }} />;
}
