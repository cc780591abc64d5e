import type { ReleaseChange } from '@kb-labs/contracts';
import { Group, Stack, Text, Timeline } from '@mantine/core';

import { StatusBadge } from '../parts/status-badge.js';
import { Time } from '../parts/time.js';

/** Every change of a version's release state, the newest first: who, when, on what. */
export function History({ changes }: { readonly changes: readonly ReleaseChange[] }) {
  return (
    <Timeline bulletSize={16} lineWidth={2} active={changes.length} color="gray">
      {changes.toReversed().map(({ from, to, at, by, evidence_refs, reason }) => (
        <Timeline.Item
          key={`${at} ${to}`}
          title={
            <Group gap="xs">
              {from === null ? null : (
                <>
                  <StatusBadge status={from} />
                  <span aria-label="became">→</span>
                </>
              )}
              <StatusBadge status={to} />
            </Group>
          }
        >
          <Stack gap={2}>
            <Text c="dimmed">
              <Time at={at} /> by {by}
            </Text>
            {reason === null ? null : <Text>{reason}</Text>}
            {evidence_refs.map(({ kind, id, description }) => (
              <Text key={`${kind} ${id}`} size="sm">
                {`${kind}: ${id}${description === undefined ? '' : ` – ${description}`}`}
              </Text>
            ))}
          </Stack>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
