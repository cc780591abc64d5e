import type { JsonAnswerOf } from '@kb-labs/contracts/http';
import { Code, List, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleX } from '@tabler/icons-react';

/** What is wrong with a document, each with its place and what to do. */
export function Diagnostics({ items }: { readonly items: JsonAnswerOf<'validateWorkflows'>['diagnostics'] }) {
  if (items.length === 0) return null;
  return (
    <List spacing={6} listStyleType="none" aria-label="Problems">
      {items.map(({ file, line, column, code, message, hint, severity }, index) => (
        <List.Item
          key={index}
          icon={severity === 'error' ? <IconCircleX size={16} color="var(--status-bad)" role="img" aria-label="error" /> : <IconAlertTriangle size={16} color="var(--status-wait)" role="img" aria-label="warning" />}
        >
          <Text>{message}</Text>
          <Text size="xs" c="dimmed">
            {`${file}:${String(line)}:${String(column)} `}
            <Code>{code}</Code>
            {hint === undefined ? '' : ` ${hint}`}
          </Text>
        </List.Item>
      ))}
    </List>
  );
}
