import { Group, Text } from '@mantine/core';

import classes from './timeline.module.css';
import type { BarKind } from './timeline.js';

const KINDS: readonly (readonly [BarKind, string])[] = [
  ['queue', 'in the queue'],
  ['wait', 'waiting'],
  ['run', 'running'],
];

/** What the bars mean: by their pattern too, not by colour alone. */
export function Legend() {
  return (
    <Group gap="md" component="ul" className={classes['legend'] ?? ''} aria-label="Legend">
      {KINDS.map(([kind, text]) => (
        <Group key={kind} gap={6} component="li" wrap="nowrap">
          <span className={classes['bar']} data-kind={kind} data-tone="busy" data-sample aria-hidden />
          <Text size="xs">{text}</Text>
        </Group>
      ))}
    </Group>
  );
}
