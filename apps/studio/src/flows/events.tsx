import type { RunEventView } from '@kb-labs/contracts/http';
import { Code, Table } from '@mantine/core';

import { Empty } from '../parts/empty.js';
import { Heads } from '../parts/heads.js';
import { Time } from '../parts/time.js';

const SHOWN = 500;

/** The newest events of the root run. All of them are on the page of the run. */
export function Events({ events }: { readonly events: readonly RunEventView[] }) {
  if (events.length === 0) return <Empty title="No event yet">The root run has not begun.</Empty>;
  return (
    <Table.ScrollContainer minWidth={560} maxHeight={640}>
      <Table stickyHeader aria-label="Events">
        <Heads of={['No.', 'When', 'Event', 'Of']} />
        <Table.Tbody>
          {events
            .slice(-SHOWN)
            .toReversed()
            .map(({ seq, at, type, job, step, status }) => (
              <Table.Tr key={seq}>
                <Table.Td>{seq}</Table.Td>
                <Table.Td>
                  <Time at={at} />
                </Table.Td>
                <Table.Td>
                  <Code>{type}</Code>
                  {typeof status === 'string' ? ` ${status}` : ''}
                </Table.Td>
                <Table.Td>{[job, step].filter((part) => typeof part === 'string').join(' / ')}</Table.Td>
              </Table.Tr>
            ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
