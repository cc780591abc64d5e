import { Stack, Text } from '@mantine/core';
import type { ScheduleView } from '@kb-labs/contracts';

import { AnchorLink } from '../parts/anchor-link.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Time } from '../parts/time.js';
import { skipWords } from './policy-words.js';

/** Its last run, the last time that started none, and what waits. */
export function ScheduleHistory({ schedule: { lastRun, lastSkip, waiting } }: { readonly schedule: ScheduleView }) {
  if (lastRun === null && lastSkip === null && waiting.length === 0) return <Text c="dimmed">nothing yet</Text>;
  return (
    <Stack gap={2}>
      {lastRun === null ? null : (
        <AnchorLink to="/runs/$id" params={{ id: lastRun.runId }} size="sm">
          {lastRun.status === null ? 'run, not kept any more' : <StatusBadge status={lastRun.status} />} <Time at={lastRun.startedAt} />
        </AnchorLink>
      )}
      {lastSkip === null ? null : (
        <Text size="xs" c="dimmed">
          Skipped <Time at={lastSkip.to} />: {skipWords(lastSkip.why)}
        </Text>
      )}
      {waiting.length === 0 ? null : (
        <Text size="xs" c="var(--status-wait)">
          {waiting.length === 1 ? '1 time waits' : `${String(waiting.length)} times wait`} for a run to end
        </Text>
      )}
    </Stack>
  );
}
