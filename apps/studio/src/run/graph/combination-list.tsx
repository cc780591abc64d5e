import { Anchor, Table } from '@mantine/core';
import type { JobView } from '@kb-labs/contracts';

import { Heads } from '../../parts/heads.js';
import { StatusBadge } from '../../parts/status-badge.js';
import { Duration } from '../../parts/time.js';

/** What a job of a matrix became. */
export function CombinationList({ combinations, onOpen }: { readonly combinations: readonly JobView[]; readonly onOpen: (key: string) => void }) {
  return (
    <Table.ScrollContainer minWidth={260} maxHeight={420} scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'group', 'aria-label': 'Combinations' } }}>
      <Table highlightOnHover stickyHeader aria-label="Combinations" verticalSpacing={4}>
        <Heads of={['Combination', 'Status', 'Took']} />
        <Table.Tbody>
          {combinations.map(({ key, matrix = {}, status, startedAt, finishedAt }) => (
            <Table.Tr key={key}>
              <Table.Th scope="row" fw={400}>
                <Anchor
                  component="button"
                  type="button"
                  size="sm"
                  ta="left"
                  onClick={() => {
                    onOpen(key);
                  }}
                >
                  {Object.values(matrix).map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(', ') || key}
                </Anchor>
              </Table.Th>
              <Table.Td>
                <StatusBadge status={status} />
              </Table.Td>
              <Table.Td>
                <Duration from={startedAt} to={finishedAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
