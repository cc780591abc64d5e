import { List, Text, Title } from '@mantine/core';

import type { PluginPermissions } from './installed-plugin.js';
import { permissionWords } from './permission-words.js';

export function PermissionList({ title, permissions }: { readonly title: string; readonly permissions: PluginPermissions }) {
  const words = permissionWords(permissions);
  return (
    <div>
      <Title order={4} mb={4}>
        {title}
      </Title>
      {words.length === 0 ? (
        <Text size="sm" c="dimmed">
          nothing
        </Text>
      ) : (
        <List size="sm" spacing={2}>
          {words.map((each) => (
            <List.Item key={each}>{each}</List.Item>
          ))}
        </List>
      )}
    </div>
  );
}
