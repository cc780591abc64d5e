import { Table, Text } from '@mantine/core';

import { durationText } from '../../parts/durations.js';
import { Heads } from '../../parts/heads.js';
import { StatusBadge } from '../../parts/status-badge.js';
import { Time } from '../../parts/time.js';
import { sumOf, type Timeline, type TimelineRow } from './timeline.js';

/** More than this nobody reads, and the page would stand still. */
const SHOWN = 1_000;

/** The same as the chart, in numbers. */
export function TimelineTable({ timeline: { rows } }: { readonly timeline: Timeline }) {
  return (
    <>
      <Table.ScrollContainer minWidth={640} maxHeight={600} scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'group', 'aria-label': 'Times of jobs and steps' } }}>
        <Table highlightOnHover stickyHeader aria-label="Times of jobs and steps" data-ready>
          <Heads of={['Job or step', 'Status', 'In the queue', 'Waiting', 'Running', 'Since']} />
          <Table.Tbody>
            {rows.slice(0, SHOWN).map((row) => (
              <TimeRow key={row.id} row={row} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {rows.length > SHOWN ? (
        <Text size="sm" c="dimmed">
          The first {SHOWN} of {rows.length} rows. The chart has all of them.
        </Text>
      ) : null}
    </>
  );
}

function TimeRow({ row: { label, depth, status, kept, bars } }: { readonly row: TimelineRow }) {
  const first = bars[0];
  const cell = (kind: 'queue' | 'wait' | 'run'): string => (bars.some((bar) => bar.kind === kind) ? durationText(sumOf(bars, kind)) : '–');
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={depth === 0 ? 600 : 400} pl={12 + depth * 20}>
        {label}
      </Table.Th>
      <Table.Td>
        <StatusBadge status={status} {...(kept ? { note: 'kept' } : {})} />
      </Table.Td>
      <Table.Td>{cell('queue')}</Table.Td>
      <Table.Td>{cell('wait')}</Table.Td>
      <Table.Td>{cell('run')}</Table.Td>
      <Table.Td>
        <Time at={first === undefined ? null : new Date(first.from).toISOString()} />
      </Table.Td>
    </Table.Tr>
  );
}
