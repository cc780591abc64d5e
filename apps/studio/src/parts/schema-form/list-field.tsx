import { ActionIcon, Button, Group, Input, Stack, TextInput } from '@mantine/core';
import type { JsonValue } from '@kb-labs/contracts';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useState } from 'react';

import type { Problems } from './check-value.js';
import type { Field } from './fields-of.js';
import { parseTyped } from './parse-typed.js';

interface ListFieldProps {
  readonly field: Extract<Field, { kind: 'list' }>;
  readonly pointer: string;
  readonly value: readonly JsonValue[];
  readonly onChange: (value: JsonValue | undefined) => void;
  readonly problems: Problems;
  readonly onUnreadable: (pointer: string, problem: string | undefined) => void;
}

/** Texts or numbers, one in a row. */
export function ListField({ field, pointer, value, onChange, problems, onUnreadable }: ListFieldProps) {
  const [rows, setRows] = useState<readonly Row[]>(() => value.map((each) => newRow(String(each))));
  const change = (next: readonly Row[]): void => {
    setRows(next);
    const read = next.map(({ text }) => (field.of === 'text' ? ({ ok: true, value: text } as const) : parseTyped('number', text)));
    const unreadable = read.findIndex(({ ok }) => !ok);
    onUnreadable(pointer, unreadable === -1 ? undefined : `row ${String(unreadable + 1)} has to be a number`);
    const values = read.flatMap((each) => (each.ok && each.value !== undefined ? [each.value] : []));
    onChange(values.length === 0 && !field.required ? undefined : values);
  };
  return (
    <Input.Wrapper label={field.label} description={field.description} required={field.required} error={problems[pointer]} labelElement="div">
      <Stack gap={6} mt={4} role="group" aria-label={field.label}>
        {rows.map(({ id, text }, index) => (
          <Group key={id} gap="xs" wrap="nowrap" align="flex-start">
            <TextInput
              flex={1}
              aria-label={`${field.label}, ${String(index + 1)}`}
              value={text}
              error={problems[`${pointer}/${String(index)}`]}
              onChange={({ currentTarget }) => {
                change(rows.map((row) => (row.id === id ? { id, text: currentTarget.value } : row)));
              }}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={`Remove ${field.label}, ${String(index + 1)}`}
              onClick={() => {
                change(rows.filter((row) => row.id !== id));
              }}
            >
              <IconX size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Group>
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            onClick={() => {
              change([...rows, newRow('')]);
            }}
          >
            Add
          </Button>
        </Group>
      </Stack>
    </Input.Wrapper>
  );
}

interface Row {
  /** Stays with its row while others come and go. */
  readonly id: number;
  readonly text: string;
}

let rowsMade = 0;

function newRow(text: string): Row {
  rowsMade += 1;
  return { id: rowsMade, text };
}
