import { Accordion, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconLock, IconShieldCheck } from '@tabler/icons-react';

import { Facts } from '../parts/facts.js';
import { Digest } from '../parts/digest.js';
import { CommandDetails } from './command-details.js';
import type { InstalledCommand, InstalledPlugin } from './installed-plugin.js';

const ORIGINS: Readonly<Record<InstalledPlugin['origin'], string>> = { 'first-party': 'part of kb', project: 'of this project', added: 'added by kb plugin:add' };

export function PluginCard({ plugin, commands }: { readonly plugin: InstalledPlugin; readonly commands: readonly InstalledCommand[] }) {
  const { id, version, origin, trusted, integrity, describe, problem, granted } = plugin;
  return (
    <Paper withBorder p="md" component="section" aria-label={id}>
      <Stack gap="sm">
        <div>
          <Group gap="xs" align="baseline">
            <Title order={2}>{id}</Title>
            <Text c="dimmed">{version}</Text>
          </Group>
          {describe === undefined ? null : <Text c="dimmed">{describe}</Text>}
        </div>
        {problem === undefined ? null : (
          <Group gap={6} wrap="nowrap" c="var(--status-bad)" role="alert">
            <IconAlertTriangle size={16} aria-hidden />
            <Text>{problem}</Text>
          </Group>
        )}
        <Facts
          rows={[
            ['Origin', ORIGINS[origin]],
            ['Trust', <Trust key="trust" trusted={trusted} />],
            ['Integrity', integrity === undefined ? undefined : <Digest key="integrity" value={integrity} />],
            ['Commands', String(plugin.commands.length)],
          ]}
        />
        <Accordion multiple keepMounted={false} order={3} chevronPosition="left">
          {commands.map((command) => (
            <Accordion.Item key={command.id} value={command.id}>
              <Accordion.Control>
                <Text fw={500} ff="monospace" size="sm">
                  {command.id}
                </Text>
                <Text size="sm" c="dimmed">
                  {command.describe}
                </Text>
              </Accordion.Control>
              <Accordion.Panel>
                <CommandDetails plugin={id} command={command} granted={granted?.[command.id]} />
              </Accordion.Panel>
            </Accordion.Item>
          ))}
        </Accordion>
      </Stack>
    </Paper>
  );
}

function Trust({ trusted }: { readonly trusted: boolean }) {
  return (
    <Group gap={4} wrap="nowrap">
      {trusted ? <IconShieldCheck size={16} color="var(--status-good)" aria-hidden /> : <IconLock size={16} color="var(--status-wait)" aria-hidden />}
      {trusted ? 'runs as the engine does' : 'held to its permissions'}
    </Group>
  );
}
