import { Button, Code, Group, Stack, Text } from '@mantine/core';
import type { NewApiKeyView } from '@kb-labs/contracts';
import { IconAlertTriangle } from '@tabler/icons-react';

import { Copy } from '../parts/copy.js';
import { Notice } from '../parts/notice.js';

export function NewKey({ made: { key, role }, onDone }: { readonly made: NewApiKeyView; readonly onDone: () => void }) {
  return (
    <Stack>
      <Notice icon={<IconAlertTriangle />} title="It is not shown again">
        Copy it to where it is used. Only a digest of it is kept here.
      </Notice>
      <Group gap="xs" wrap="nowrap">
        <Code block flex={1} style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }} data-new-key>
          {key}
        </Code>
        <Copy text={key} what="the key" />
      </Group>
      <Text size="sm" c="dimmed">
        It has the role {role}. Programs send it as <code>Authorization: Bearer …</code>; the command line takes it from <code>KB_API_KEY</code>.
      </Text>
      <Group justify="flex-end">
        <Button onClick={onDone}>I have kept it</Button>
      </Group>
    </Stack>
  );
}
