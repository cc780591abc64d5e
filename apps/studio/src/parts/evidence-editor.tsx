import type { EvidenceRef } from '@kb-labs/contracts';
import { ActionIcon, Autocomplete, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';

/** Kinds that name something of a flow come first; every other kind is somebody's word. */
const KINDS = ['review', 'run', 'task', 'agent', 'approval', 'question', 'output', 'flow', 'artifact'];

export interface EvidenceDraft {
  readonly kind: string;
  readonly id: string;
  readonly description: string;
}

export const NO_EVIDENCE: EvidenceDraft = { kind: '', id: '', description: '' };

/** Those that are filled in. What is empty altogether was not meant. */
export function toEvidence(drafts: readonly EvidenceDraft[]): EvidenceRef[] {
  return drafts
    .map(({ kind, id, description }) => ({ kind: kind.trim(), id: id.trim(), description: description.trim() }))
    .filter(({ kind, id }) => kind !== '' || id !== '')
    .map(({ description, ...ref }) => (description === '' ? ref : { ...ref, description }));
}

/** Rows of evidence: a kind, what it names, and what it is for. */
export function EvidenceEditor({ value, onChange, legend }: { readonly value: readonly EvidenceDraft[]; readonly onChange: (value: readonly EvidenceDraft[]) => void; readonly legend: string }) {
  const change = (index: number, part: Partial<EvidenceDraft>): void => {
    onChange(value.map((draft, at) => (at === index ? { ...draft, ...part } : draft)));
  };
  return (
    <Stack gap="xs" component="fieldset" style={{ border: 0, padding: 0, margin: 0, minWidth: 0 }}>
      <Text component="legend" fw={500}>
        {legend}
      </Text>
      {value.map((draft, index) => (
        <Group key={index} gap="xs" align="flex-end" wrap="nowrap">
          <Autocomplete
            label="Kind"
            data={KINDS}
            w={130}
            value={draft.kind}
            onChange={(kind) => {
              change(index, { kind });
            }}
          />
          <TextInput
            label="Id"
            flex={1}
            value={draft.id}
            onChange={({ currentTarget: { value: id } }) => {
              change(index, { id });
            }}
          />
          <TextInput
            label="Description"
            flex={1}
            value={draft.description}
            onChange={({ currentTarget: { value: description } }) => {
              change(index, { description });
            }}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={`Remove evidence ${String(index + 1)}`}
            onClick={() => {
              onChange(value.filter((_, at) => at !== index));
            }}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Group>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconPlus size={14} />}
          onClick={() => {
            onChange([...value, NO_EVIDENCE]);
          }}
        >
          Add evidence
        </Button>
      </Group>
    </Stack>
  );
}
