import { Stack, Table, Title } from '@mantine/core';
import type { DeliveryView } from '@kb-labs/contracts';

import { Digest } from '../parts/digest.js';
import { Facts } from '../parts/facts.js';

export function DeliveryDetails({ delivery: { id, delivery, digest, bytes, headers, replayOf } }: { readonly delivery: DeliveryView }) {
  return (
    <Stack gap="sm" p="xs">
      <Facts
        rows={[
          ['Id', id],
          ["The sender's id", delivery ?? 'none'],
          ['Size', `${bytes.toLocaleString()} bytes`],
          ['Body', <Digest key="digest" value={digest} />],
          ['Replays', replayOf ?? undefined],
        ]}
      />
      <div>
        <Title order={3} mb={4}>
          Headers
        </Title>
        <Table aria-label="Headers" verticalSpacing={2} withRowBorders={false}>
          <Table.Tbody>
            {Object.entries(headers).map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" fw={400} c="dimmed" w={240} style={{ verticalAlign: 'top' }}>
                  {name}
                </Table.Th>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Stack>
  );
}
