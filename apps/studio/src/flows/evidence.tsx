import type { EvidenceView } from '@kb-labs/contracts';
import { Table, Text } from '@mantine/core';

import { Empty } from '../parts/empty.js';
import { Rows } from '../parts/rows.js';
import { Time } from '../parts/time.js';

/** What was given, in the order it was given. Nothing is ever taken away. */
export function Evidence({ items }: { readonly items: readonly EvidenceView[] }) {
  if (items.length === 0) return <Empty title="No evidence yet">It is added here, by kb flows evidence, or with the start of the flow.</Empty>;
  return (
    <Rows minWidth={600} label="Evidence" columns={['Kind', 'Id', 'Basis', 'Given', 'By']}>
      {items.map(({ kind, id, description, basis, at, by }) => (
        <Table.Tr key={`${kind} ${id}`}>
          <Table.Td>{kind}</Table.Td>
          <Table.Td style={{ overflowWrap: 'anywhere' }}>
            {id}
            {description === undefined ? null : (
              <Text size="xs" c="dimmed">
                {description}
              </Text>
            )}
          </Table.Td>
          <Table.Td>{basis === 'known' ? 'found in the flow' : 'the word of who gave it'}</Table.Td>
          <Table.Td>
            <Time at={at} />
          </Table.Td>
          <Table.Td>{by}</Table.Td>
        </Table.Tr>
      ))}
    </Rows>
  );
}
