import { Button, Group } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';

import { GATEWAY_URL } from '../app/place.js';
import { Empty } from '../parts/empty.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { deliveriesQuery } from './deliveries-query.js';
import { DeliveriesTable } from './deliveries-table.js';

/** What other services have sent, and what it started. */
export function DeliveriesPage() {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(deliveriesQuery);
  const items = data?.pages.flatMap((page) => page.items);
  return (
    <Page title="Deliveries" subtitle="What other services have sent, and what it started.">
      {items === undefined ? (
        error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />
      ) : items.length === 0 ? (
        <Empty title="Nothing was delivered yet" command={`${GATEWAY_URL}api/v1/webhooks/github`}>
          A workflow with <code>on.webhook</code> is started by what GitHub, GitLab, Slack, Stripe and others send. Give the sender this address, with the name of the sender at its end, and the secret that the document names.
        </Empty>
      ) : (
        <>
          <DeliveriesTable items={items} />
          {hasNextPage ? (
            <Group justify="center">
              <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                Older deliveries
              </Button>
            </Group>
          ) : null}
        </>
      )}
    </Page>
  );
}
