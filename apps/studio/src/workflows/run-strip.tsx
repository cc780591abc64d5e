import { Group, Text, Tooltip } from '@mantine/core';
import type { RunSummaryView } from '@kb-labs/contracts';

import { AnchorLink } from '../parts/anchor-link.js';
import { distanceText, durationText } from '../parts/durations.js';
import { useNow } from '../parts/now.js';
import { StatusBadge, wordsOf } from '../parts/status-badge.js';
import classes from './workflows.module.css';

/** The last runs as marks, the newest at the right, each a link. */
export function RunStrip({ runs }: { readonly runs: readonly RunSummaryView[] }) {
  const now = useNow();
  if (runs.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        not run yet
      </Text>
    );
  }
  return (
    <Group gap={3} wrap="nowrap" role="list" aria-label="Last runs, the newest last">
      {runs.toReversed().map((run) => {
        const words = `${wordsOf(run.status)}, ${distanceText(Date.parse(run.createdAt), now)}${run.durationMs === null ? '' : `, took ${durationText(run.durationMs)}`}`;
        return (
          <Tooltip key={run.id} label={words}>
            <span role="listitem" className={classes['mark']}>
              <AnchorLink to="/runs/$id" params={{ id: run.id }} aria-label={`Run: ${words}`}>
                <StatusBadge status={run.status} iconOnly />
              </AnchorLink>
            </span>
          </Tooltip>
        );
      })}
    </Group>
  );
}
