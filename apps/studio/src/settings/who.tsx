import { Stack, Table, Title } from '@mantine/core';
import { PERMISSIONS } from '@kb-labs/contracts';
import { IconCheck, IconMinus } from '@tabler/icons-react';
import { useSuspenseQuery } from '@tanstack/react-query';

import { callerQuery } from '../api/client.js';
import { Facts } from '../parts/facts.js';
import { Heads } from '../parts/heads.js';
import { Time } from '../parts/time.js';
import { MEANING } from './permission-rows.js';

const VIA = { key: 'an API key', loopback: 'the key of this machine', session: 'a session of this browser' } as const;

/** Who asks, and what they may do. */
export function Who() {
  const { data: caller } = useSuspenseQuery(callerQuery);
  return (
    <Stack gap="lg" maw={720}>
      <Facts
        rows={[
          ['Name', caller.name],
          ['Role', caller.role],
          ['Tenant', caller.tenant],
          ['Signed in by', VIA[caller.via]],
          ['The session ends', caller.sessionEndsAt === null ? undefined : <Time key="ends" at={caller.sessionEndsAt} />],
        ]}
      />
      <section aria-labelledby="may">
        <Title order={2} id="may" mb="xs">
          What you may do
        </Title>
        <Table aria-label="Permissions" verticalSpacing={6}>
          <Heads of={[{ name: 'Permission', width: 130 }, { name: 'You', width: 70 }, 'To']} />
          <Table.Tbody>
            {PERMISSIONS.map((permission) => {
              const has = caller.permissions.includes(permission);
              return (
                <Table.Tr key={permission}>
                  <Table.Th scope="row" fw={500}>
                    {permission}
                  </Table.Th>
                  <Table.Td>{has ? <IconCheck size={16} color="var(--status-good)" role="img" aria-label="yes" /> : <IconMinus size={16} color="var(--status-calm)" role="img" aria-label="no" />}</Table.Td>
                  <Table.Td>{MEANING[permission]}</Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </section>
    </Stack>
  );
}
