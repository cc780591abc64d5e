import { Kbd, Modal, SimpleGrid, Stack, Table, Title } from '@mantine/core';
import { useSyncExternalStore } from 'react';

import { KEYS } from './keys.js';

let open = false;
const listeners = new Set<() => void>();

function setOpen(next: boolean): void {
  open = next;
  for (const listener of listeners) listener();
}

export function openKeyHelp(): void {
  setOpen(true);
}

export function KeyHelp() {
  const opened = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open,
  );
  return (
    <Modal
      opened={opened}
      onClose={() => {
        setOpen(false);
      }}
      title="Keys"
      size="lg"
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        {KEYS.map(({ where, keys }) => (
          <Stack key={where} gap="xs">
            <Title order={3}>{where}</Title>
            <Table withRowBorders={false} verticalSpacing={2}>
              <Table.Tbody>
                {keys.map(([key, does]) => (
                  <Table.Tr key={key}>
                    <Table.Td>
                      <Kbd size="xs">{key}</Kbd>
                    </Table.Td>
                    <Table.Td>{does}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Stack>
        ))}
      </SimpleGrid>
    </Modal>
  );
}
