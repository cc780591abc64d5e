import { ActionIcon, CloseButton, Group, Kbd, Select, Text, TextInput, Tooltip } from '@mantine/core';
import { RUN_STATUSES, TRIGGER_TYPES } from '@kb-labs/contracts';
import { IconFilterOff, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { RefObject } from 'react';

import { workflowsQuery } from '../api/workflows.js';
import type { RunsSearch } from '../app/searches.js';
import { LateInput } from './late-input.js';
import { fromField, toField, windowFrom, WINDOWS } from './time-window.js';

interface FiltersProps {
  readonly search: RunsSearch;
  readonly onChange: (change: { readonly [Key in keyof RunsSearch]?: RunsSearch[Key] | undefined }) => void;
  readonly searchRef: RefObject<HTMLInputElement | null>;
}

/** What is looked for, as the address says it. */
export function RunsFilters({ search, onChange, searchRef }: FiltersProps) {
  const workflows = useQuery(workflowsQuery).data?.items ?? [];
  const ids = [...new Set([...workflows.map(({ id }) => id), ...(search.workflowId === undefined ? [] : [search.workflowId])])];
  const own = search.since !== undefined || search.until !== undefined;
  return (
    <Group gap="xs" role="search" aria-label="Filters">
      <LateInput
        ref={searchRef}
        aria-label="Search runs"
        placeholder="Id, workflow, actor, branch"
        value={search.q ?? ''}
        onValue={(q) => {
          onChange({ q: q === '' ? undefined : q.slice(0, 256) });
        }}
        leftSection={<IconSearch size={15} />}
        rightSection={search.q === undefined ? <Kbd size="xs">/</Kbd> : undefined}
        w={220}
      />
      <Select aria-label="Workflow" placeholder="Workflow" searchable clearable data={ids} value={search.workflowId ?? null} onChange={(value) => { onChange({ workflowId: value ?? undefined }); }} w={150} />
      <Select aria-label="Status" placeholder="Status" clearable data={RUN_STATUSES} value={search.status ?? null} onChange={(value) => { onChange({ status: RUN_STATUSES.find((each) => each === value) }); }} w={112} />
      <Select aria-label="Trigger" placeholder="Trigger" clearable data={TRIGGER_TYPES} value={search.trigger ?? null} onChange={(value) => { onChange({ trigger: TRIGGER_TYPES.find((each) => each === value) }); }} w={112} />
      <LateInput aria-label="Branch" placeholder="Branch" value={search.branch ?? ''} onValue={(branch) => { onChange({ branch: branch === '' ? undefined : branch }); }} w={105} />
      <LateInput aria-label="Actor" placeholder="Actor" value={search.actor ?? ''} onValue={(actor) => { onChange({ actor: actor === '' ? undefined : actor }); }} w={112} />
      {own ? (
        <>
          <Instant label="From" value={search.since} onValue={(since) => { onChange({ since }); }} />
          <Instant label="Until" value={search.until} onValue={(until) => { onChange({ until }); }} />
        </>
      ) : (
        <Select
          aria-label="Time"
          placeholder="Any time"
          data={[...WINDOWS.map(({ value, label }) => ({ value, label })), { value: 'own', label: 'From … until …' }]}
          value={null}
          onChange={(value) => {
            if (value !== null) onChange(value === 'own' ? windowFrom('24h', Date.now()) : windowFrom(value, Date.now()));
          }}
          w={130}
        />
      )}
      {Object.keys(search).length === 0 ? null : (
        <Tooltip label="Clear all filters">
          <ActionIcon
            variant="subtle"
            color="gray"
            size={36}
            aria-label="Clear all filters"
            onClick={() => {
              onChange({ workflowId: undefined, status: undefined, trigger: undefined, branch: undefined, actor: undefined, since: undefined, until: undefined, q: undefined });
            }}
          >
            <IconFilterOff size={18} />
          </ActionIcon>
        </Tooltip>
      )}
    </Group>
  );
}

function Instant({ label, value, onValue }: { readonly label: string; readonly value: string | undefined; readonly onValue: (instant: string | undefined) => void }) {
  return (
    <TextInput
      type="datetime-local"
      aria-label={label}
      leftSection={<Text size="xs" c="dimmed">{label}</Text>}
      leftSectionWidth={48}
      value={toField(value)}
      onChange={({ currentTarget }) => {
        onValue(fromField(currentTarget.value));
      }}
      rightSection={value === undefined ? undefined : <CloseButton size="sm" aria-label={`No ${label.toLowerCase()}`} onClick={() => { onValue(undefined); }} />}
      w={250}
    />
  );
}
