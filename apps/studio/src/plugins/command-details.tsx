import { Code, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';

import { Copy } from '../parts/copy.js';
import type { InstalledCommand, PluginPermissions } from './installed-plugin.js';
import { PermissionList } from './permission-list.js';
import { SchemaView } from './schema-view.js';

interface CommandDetailsProps {
  readonly plugin: string;
  readonly command: InstalledCommand;
  /** Of a plugin that was added: what was agreed to. */
  readonly granted: PluginPermissions | undefined;
}

export function CommandDetails({ plugin, command, granted }: CommandDetailsProps) {
  const { id, input, output, permissions, examples = [] } = command;
  const uses = `${plugin}/${id}`;
  return (
    <Stack gap="md">
      <Group gap={4} wrap="nowrap">
        <Text size="sm" c="dimmed">
          In a step:
        </Text>
        <Code>uses: {uses}</Code>
        <Copy text={`uses: ${uses}`} what="the line of a step" />
      </Group>
      <SimpleGrid cols={{ base: 1, sm: granted === undefined ? 1 : 2 }}>
        <PermissionList title="Asks for" permissions={permissions} />
        {granted === undefined ? null : <PermissionList title="Was granted" permissions={granted} />}
      </SimpleGrid>
      <SchemaView title="Input" schema={input} />
      <SchemaView title="Output" schema={output} />
      {examples.length === 0 ? null : (
        <div>
          <Title order={4} mb={4}>
            Examples
          </Title>
          <Stack gap={4}>
            {examples.map((example) => `kb ${example}`).map((example) => (
              <Group key={example} gap={4} wrap="nowrap">
                <Code style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{example}</Code>
                <Copy text={example} what="the example" />
              </Group>
            ))}
          </Stack>
        </div>
      )}
    </Stack>
  );
}
