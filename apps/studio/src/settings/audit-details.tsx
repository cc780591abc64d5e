import { Text } from '@mantine/core';
import type { JsonObject } from '@kb-labs/contracts';

/** Names and values in a few lines. */
export function AuditDetails({ details }: { readonly details: JsonObject }) {
  return Object.entries(details).map(([name, value]) => (
    <Text key={name} size="xs" style={{ overflowWrap: 'anywhere' }}>
      <Text span c="dimmed" inherit>
        {name}
      </Text>{' '}
      {typeof value === 'string' ? value : JSON.stringify(value)}
    </Text>
  ));
}
