import { Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';

import { Empty } from '../parts/empty.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { CreateKey } from './create-key.js';
import { KeysTable } from './keys-table.js';
import { keysQuery } from './keys-query.js';

/** The API keys of the tenant. */
export function Keys() {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(keysQuery);
  const [creating, { open, close }] = useDisclosure(false);
  const items = data?.pages.flatMap((page) => page.items);
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text c="dimmed">A key is what programs and other machines sign in with. It is shown once, when it is made.</Text>
        <Button size="sm" leftSection={<IconPlus size={16} />} onClick={open}>
          New key
        </Button>
      </Group>
      {items === undefined ? (
        error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />
      ) : items.length === 0 ? (
        <Empty title="No keys yet" command="kb auth:create-key --name=ci --role=runner">
          On this machine none is needed. From elsewhere, each person and each program should have its own.
        </Empty>
      ) : (
        <KeysTable items={items} />
      )}
      {hasNextPage ? (
        <Group justify="center">
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Older keys
          </Button>
        </Group>
      ) : null}
      <CreateKey opened={creating} onClose={close} />
    </Stack>
  );
}
