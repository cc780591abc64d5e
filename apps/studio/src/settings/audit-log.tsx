import { Button, Code, Group, Stack, Table, Text } from '@mantine/core';
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';

import { client } from '../api/client.js';
import { Heads } from '../parts/heads.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { AuditOutcomeMark } from './audit-outcome-mark.js';
import { AuditDetails } from './audit-details.js';
import { Time } from '../parts/time.js';
import { WideTable } from '../parts/wide-table.js';

const SHOWN = 100;

const auditQuery = infiniteQueryOptions({
  queryKey: ['audit'],
  queryFn: ({ pageParam, signal }) => client.call('listAudit', { query: { limit: SHOWN, ...(pageParam === '' ? {} : { cursor: pageParam }) }, signal }),
  initialPageParam: '',
  getNextPageParam: ({ nextCursor }) => nextCursor,
});

/** What was changed and refused, the newest first. */
export function AuditLog() {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(auditQuery);
  if (data === undefined) return error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />;
  return (
    <Stack gap="md">
      <Text c="dimmed">
        Every change is written down before it is made, and what became of it after. Rows are chained: <code>kb audit:verify</code> finds one that was changed or removed.
      </Text>
      <WideTable minWidth={860} label="Audit log">
        <Table highlightOnHover stickyHeader aria-label="Audit log">
          <Heads of={['When', 'Who', 'What', 'On what', 'Outcome', 'Details']} />
          <Table.Tbody>
            {data.pages
              .flatMap((page) => page.items)
              .map(({ seq, at, actor, action, target, outcome, details }) => (
                <Table.Tr key={seq}>
                  <Table.Td style={{ whiteSpace: 'nowrap' }}>
                    <Time at={at} />
                  </Table.Td>
                  <Table.Td>{actor}</Table.Td>
                  <Table.Td>
                    <Code>{action}</Code>
                  </Table.Td>
                  <Table.Td maw={320} style={{ overflowWrap: 'anywhere' }}>
                    <Text size="sm">{target}</Text>
                  </Table.Td>
                  <Table.Td>
                    <AuditOutcomeMark outcome={outcome} />
                  </Table.Td>
                  <Table.Td maw={360}>
                    <AuditDetails details={details} />
                  </Table.Td>
                </Table.Tr>
              ))}
          </Table.Tbody>
        </Table>
      </WideTable>
      {hasNextPage ? (
        <Group justify="center">
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Older entries
          </Button>
        </Group>
      ) : null}
    </Stack>
  );
}
