import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

import { Command } from './command.js';

/** Where nothing is yet: what would be here, and the command that makes the first one. */
export function Empty({ title, children, command }: { readonly title: string; readonly children?: ReactNode; readonly command?: string }) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" data-empty>
      <Title order={2}>{title}</Title>
      {children === undefined ? null : (
        <Text c="dimmed" ta="center" maw={560}>
          {children}
        </Text>
      )}
      {command === undefined ? null : <Command text={command} />}
    </Stack>
  );
}
