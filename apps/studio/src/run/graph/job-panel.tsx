import { ActionIcon, Anchor, Group, Stack, Text, Title, Tooltip } from '@mantine/core';
import type { JobView } from '@kb-labs/contracts';
import { IconArrowUp, IconX } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';

import { AnchorLink } from '../../parts/anchor-link.js';
import { Facts } from '../../parts/facts.js';
import { StatusBadge } from '../../parts/status-badge.js';
import { Duration, Time } from '../../parts/time.js';
import { CombinationList } from './combination-list.js';
import classes from './graph.module.css';
import { StepRow } from './step-row.js';
import { Why } from './why.js';

interface JobPanelProps {
  readonly runId: string;
  readonly job: JobView;
  /** When it is the job of a matrix. */
  readonly combinations: readonly JobView[];
  readonly onOpen: (key: string) => void;
  readonly onClose: () => void;
}

/** All about one job, beside the graph. */
export function JobPanel({ runId, job, combinations, onOpen, onClose }: JobPanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { key, name, status, reason, error, attempt, needs, keptFrom, combinationOf, startedAt, finishedAt, steps } = job;
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, [key]);
  return (
    <aside
      className={classes['panel']}
      aria-label={`Job ${name}`}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Title order={2} ref={heading} tabIndex={-1} className={classes['heading']}>
            {name}
          </Title>
          <Tooltip label="Close">
            <ActionIcon variant="subtle" color="gray" aria-label={`Close the job ${name}`} onClick={onClose}>
              <IconX size={16} />
            </ActionIcon>
          </Tooltip>
        </Group>
        {combinationOf === undefined ? null : (
          <Anchor
            component="button"
            type="button"
            size="sm"
            ta="left"
            onClick={() => {
              onOpen(combinationOf);
            }}
          >
            <IconArrowUp size={14} aria-hidden /> all combinations of {combinationOf}
          </Anchor>
        )}
        <Group gap="md">
          <StatusBadge status={status} />
          <Text size="sm" c="dimmed">
            <Duration from={startedAt} to={finishedAt} />
          </Text>
          <AnchorLink to="/runs/$id" params={{ id: runId }} search={{ tab: 'log', job: key }} size="sm">
            Log
          </AnchorLink>
        </Group>
        <Why reason={reason} error={error} />
        <Facts
          rows={[
            ['Started', startedAt === null ? undefined : <Time key="at" at={startedAt} />],
            ['Needs', needs.length === 0 ? undefined : needs.join(', ')],
            ['Attempt', attempt === 1 ? undefined : String(attempt)],
            [
              'Result of',
              keptFrom === undefined ? undefined : (
                <AnchorLink key="kept" to="/runs/$id" params={{ id: keptFrom }} size="sm">
                  {keptFrom}
                </AnchorLink>
              ),
            ],
            ...Object.entries(job.matrix ?? {}).map(([axis, value]): readonly [string, string] => [axis, typeof value === 'string' ? value : JSON.stringify(value)]),
          ]}
        />
        {combinations.length === 0 ? null : <CombinationList combinations={combinations} onOpen={onOpen} />}
        {steps.length === 0 ? null : (
          <ol className={classes['steps']} aria-label={`Steps of ${name}`}>
            {steps.map((step) => (
              <StepRow key={step.id} runId={runId} job={key} step={step} />
            ))}
          </ol>
        )}
      </Stack>
    </aside>
  );
}
