import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { fromUnknown } from '@kb-labs/errors';
import { IconAlertTriangle } from '@tabler/icons-react';

/** What went wrong: code, message, what to do. */
export function Problem({ thrown, retry }: { readonly thrown: unknown; readonly retry?: () => void }) {
  const { code, message, hint } = fromUnknown(thrown);
  return (
    <Alert icon={<IconAlertTriangle />} color="red" variant="outline" title={message} role="alert">
      <Stack gap="xs">
        {hint === undefined ? null : <Text>{hint}</Text>}
        <Group gap="xs">
          <Code>{code}</Code>
          {retry === undefined ? null : (
            <Button size="compact-sm" variant="default" onClick={retry}>
              Try again
            </Button>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}
