import { Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import { useMantineColorScheme } from '@mantine/core';
import { IconMoon, IconPlayerPlay, IconSearch, IconSitemap } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { workflowsQuery } from '../api/workflows.js';
import { NAVIGATION } from './navigation.js';

const RUN_ID = /^run_\w{6,}$/;

/** Where one can go and what one can do, by typing a few letters. The id of a run leads to it. */
export function Palette() {
  const navigate = useNavigate();
  const [query, setQuery] = useState('');
  const { setColorScheme } = useMantineColorScheme();
  const workflows = useQuery(workflowsQuery).data?.items ?? [];
  const wanted = query.trim();
  const pages: SpotlightActionData[] = NAVIGATION.map(({ to, text, icon: Shape }) => ({ id: to, group: 'Pages', label: text, leftSection: <Shape size={18} />, onClick: () => void navigate({ to }) }));
  const ofWorkflows: SpotlightActionData[] = workflows.flatMap(({ id, name }) => [
    { id: `run ${id}`, group: 'Workflows', label: `Run ${name}`, description: id, leftSection: <IconPlayerPlay size={18} />, onClick: () => void navigate({ to: '/workflows/$id', params: { id }, search: { tab: 'run' } }) },
    { id: `show ${id}`, group: 'Workflows', label: `Show ${name}`, description: id, leftSection: <IconSitemap size={18} />, onClick: () => void navigate({ to: '/workflows/$id', params: { id } }) },
  ]);
  const themes: SpotlightActionData[] = (['light', 'dark', 'auto'] as const).map((scheme) => ({
    id: `theme ${scheme}`,
    group: 'Theme',
    label: scheme === 'auto' ? 'Use the theme of the system' : `Use the ${scheme} theme`,
    leftSection: <IconMoon size={18} />,
    onClick: () => {
      setColorScheme(scheme);
    },
  }));
  const opened: SpotlightActionData[] = RUN_ID.test(wanted) ? [{ id: 'open run', group: 'Runs', label: `Open ${wanted}`, leftSection: <IconPlayerPlay size={18} />, onClick: () => void navigate({ to: '/runs/$id', params: { id: wanted } }) }] : [];
  // Last, so that Enter takes what was meant by its name.
  const searched: SpotlightActionData[] = wanted === '' ? [] : [{ id: 'search runs', group: 'Search', label: `Search runs for ${wanted}`, leftSection: <IconSearch size={18} />, onClick: () => void navigate({ to: '/runs', search: { q: wanted } }) }];
  const found = [...pages, ...ofWorkflows, ...themes].filter((action) => matches(action, wanted)).slice(0, SHOWN);
  return (
    <Spotlight.Root query={query} onQueryChange={setQuery} shortcut={null} maxHeight={480} scrollable>
      <Spotlight.Search placeholder="Search and commands" leftSection={<IconSearch size={18} />} aria-label="Search and commands" />
      <Spotlight.ActionsList>{grouped([...opened, ...found, ...searched])}</Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

const SHOWN = 30;

function matches({ label = '', description = '', group = '' }: SpotlightActionData, wanted: string): boolean {
  const text = `${label} ${description} ${group}`.toLowerCase();
  return wanted.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function grouped(actions: readonly SpotlightActionData[]) {
  const groups = Map.groupBy(actions, ({ group = '' }) => group);
  return [...groups].map(([group, members]) => (
    <Spotlight.ActionsGroup key={group} label={group}>
      {members.map(({ id, label, description, leftSection, onClick }) => (
        <Spotlight.Action key={id} label={label ?? ''} {...(description === undefined ? {} : { description })} leftSection={leftSection} onClick={onClick} />
      ))}
    </Spotlight.ActionsGroup>
  ));
}
