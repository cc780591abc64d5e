import { List, Text, Tooltip } from '@mantine/core';

import { distanceText } from '../parts/durations.js';
import { useNow } from '../parts/now.js';
import { otherTime, OWN_ZONE, zonedTime } from './zoned-time.js';

const SHOWN = 5;

/** The next times of a schedule in its zone, and here where the clocks show something else. */
export function NextTimes({ next, timezone, shown = SHOWN }: { readonly next: readonly string[]; readonly timezone: string; readonly shown?: number }) {
  const now = useNow();
  if (next.length === 0) return <Text c="dimmed">never</Text>;
  return (
    <List listStyleType="none" spacing={2} size="sm">
      {next.slice(0, shown).map((at) => (
        <List.Item key={at} style={{ whiteSpace: 'nowrap' }}>
          <Tooltip label={at}>
            <time dateTime={at} tabIndex={-1}>
              {zonedTime(at, timezone)}
            </time>
          </Tooltip>{' '}
          <Text span size="xs" c="dimmed">
            {aside(otherTime(at, timezone, OWN_ZONE))}
            {distanceText(Date.parse(at), now)}
          </Text>
        </List.Item>
      ))}
    </List>
  );
}

function aside(here: string | undefined): string {
  return here === undefined ? '' : `(here ${here}) `;
}
