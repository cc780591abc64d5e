import type { FlowView } from '@kb-labs/contracts';
import { Group, Stack, Text } from '@mantine/core';

import classes from './flow.module.css';

/** Why a flow has its status: the rule that decided, and those that hold as well. */
export function Reasons({ flow: { reasons } }: { readonly flow: FlowView }) {
  const [first, ...others] = reasons;
  if (first === undefined) return null;
  return (
    <Stack gap={4} component="section" aria-label="Why" className={classes['reasons']}>
      <Text fw={500}>{first.message}</Text>
      <Refs refs={first.refs} />
      {others.map(({ rule, message, refs }) => (
        <Group key={rule} gap="xs">
          <Text c="dimmed">{`Also: ${message}`}</Text>
          <Refs refs={refs} />
        </Group>
      ))}
    </Stack>
  );
}

function Refs({ refs }: { readonly refs: readonly string[] }) {
  if (refs.length === 0) return null;
  return (
    <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
      {refs.join(', ')}
    </Text>
  );
}
