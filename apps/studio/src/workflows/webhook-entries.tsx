import { Code, Group, Stack, Text } from '@mantine/core';

import { GATEWAY_URL } from '../app/place.js';
import { AnchorLink } from '../parts/anchor-link.js';
import { Copy } from '../parts/copy.js';
import type { WorkflowDetail } from './workflow-entry.js';

/** The addresses to give to those who send. */
export function WebhookEntries({ webhooks }: { readonly webhooks: WorkflowDetail['triggers']['webhooks'] }) {
  return (
    <Stack gap="sm">
      {webhooks.map(({ source, events }, index) => {
        const url = `${GATEWAY_URL}api/v1/webhooks/${source}`;
        return (
          <div key={index}>
            <Text>
              <Text span fw={500}>
                {source}
              </Text>
              : {events === null ? 'everything it sends' : events.join(', ')}
            </Text>
            <Group gap={4} wrap="nowrap">
              <Code>{url}</Code>
              <Copy text={url} what={`the address for ${source}`} />
            </Group>
          </div>
        );
      })}
      <Text size="sm" c="dimmed">
        Give the sender this address and the secret that the document names. The host is the one this page came from: from outside it may have another name. What arrived is at <AnchorLink to="/deliveries" underline="always" inherit>Deliveries</AnchorLink>.
      </Text>
    </Stack>
  );
}
