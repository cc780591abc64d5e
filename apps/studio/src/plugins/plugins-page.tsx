import { Stack, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';

import { client } from '../api/client.js';
import { Empty } from '../parts/empty.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { commandsThatFit, type InstalledPlugin } from './installed-plugin.js';
import { PluginCard } from './plugin-card.js';

/** What steps can use: the commands of plugins, and what these may touch. */
export function PluginsPage() {
  const { data, error, refetch } = useQuery({ queryKey: ['plugins'], queryFn: ({ signal }) => client.call('listPlugins', { signal }) });
  const [wanted, setWanted] = useState('');
  const search = useRef<HTMLInputElement>(null);
  useHotkeys([['/', () => search.current?.focus()]]);
  return (
    <Page
      title="Plugins"
      subtitle="What steps can use, and what it may touch."
      actions={
        <TextInput
          ref={search}
          size="xs"
          w={260}
          leftSection={<IconSearch size={14} aria-hidden />}
          placeholder="Search commands"
          aria-label="Search commands"
          value={wanted}
          onChange={({ currentTarget }) => {
            setWanted(currentTarget.value);
          }}
        />
      }
    >
      {data === undefined ? error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} /> : <Plugins plugins={data.items} wanted={wanted.trim()} />}
    </Page>
  );
}

function Plugins({ plugins, wanted }: { readonly plugins: readonly InstalledPlugin[]; readonly wanted: string }) {
  if (plugins.length === 0) {
    return (
      <Empty title="No plugins" command="kb plugin:add @acme/greet-plugin">
        A package that is added has its commands used by steps as <code>uses: package/group:command</code>.
      </Empty>
    );
  }
  const found = plugins.flatMap((plugin) => {
    const commands = commandsThatFit(plugin, wanted);
    return commands.length === 0 && wanted !== '' ? [] : [{ plugin, commands }];
  });
  if (found.length === 0) return <Empty title="No command is called like this">Nothing in the names and descriptions of all commands has “{wanted}”.</Empty>;
  return (
    <Stack gap="md">
      {found.map(({ plugin, commands }) => (
        <PluginCard key={plugin.id} plugin={plugin} commands={commands} />
      ))}
    </Stack>
  );
}
