import { Group, Text } from '@mantine/core';
import type { StepView } from '@kb-labs/contracts';
import { IconArrowDownRight } from '@tabler/icons-react';

import { AnchorLink } from '../../parts/anchor-link.js';
import { StatusBadge } from '../../parts/status-badge.js';
import { Duration, Time } from '../../parts/time.js';
import classes from './graph.module.css';
import { waitEnd, waitText } from './wait-text.js';
import { Why } from './why.js';

/** One step in the panel of its job; a run that it called is one click further down. */
export function StepRow({ runId, job, step }: { readonly runId: string; readonly job: string; readonly step: StepView }) {
  const { id, name, uses, status, hook, iteration, attempt, isolation, image, childRunId, keptFrom, waitsFor, startedAt, finishedAt } = step;
  const marks = [
    hook,
    iteration === undefined ? undefined : `round ${String(iteration)}`,
    attempt > 1 ? `attempt ${String(attempt)}` : undefined,
    keptFrom === undefined ? undefined : 'kept',
    isolation ?? undefined,
    image?.reference,
  ].filter((mark) => mark !== undefined);
  const end = waitsFor === undefined ? null : waitEnd(waitsFor);
  return (
    <li className={classes['step']}>
      <Group gap="xs" wrap="nowrap" justify="space-between">
        <Group gap="xs" wrap="nowrap" miw={0}>
          <StatusBadge status={status} iconOnly />
          <AnchorLink to="/runs/$id" params={{ id: runId }} search={{ tab: 'log', job, step: id }} size="sm" className={classes['name']}>
            {name}
          </AnchorLink>
        </Group>
        <Text size="xs" c="dimmed" className={classes['took']}>
          <Duration from={startedAt} to={finishedAt} />
        </Text>
      </Group>
      <Text size="xs" c="dimmed" className={classes['uses']}>
        {[uses, ...marks].join(' · ')}
      </Text>
      {waitsFor === undefined ? null : (
        <Text size="sm">
          {waitText(waitsFor)}
          {end === null ? null : (
            <>
              , until <Time at={end} />
            </>
          )}
        </Text>
      )}
      {childRunId === undefined ? null : (
        <AnchorLink to="/runs/$id" params={{ id: childRunId }} search={{ tab: 'graph' }} size="sm">
          <IconArrowDownRight size={14} aria-hidden /> the run it called, {childRunId}
        </AnchorLink>
      )}
      <Why reason={waitsFor === undefined ? step.reason : undefined} error={step.error} />
    </li>
  );
}
