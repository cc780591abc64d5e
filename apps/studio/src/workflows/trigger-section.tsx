import { Paper, Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';

export function TriggerSection({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Stack gap="xs">
        <Title order={2}>{title}</Title>
        {children}
      </Stack>
    </Paper>
  );
}
