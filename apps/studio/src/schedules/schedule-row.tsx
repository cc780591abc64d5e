import { Code, Table, Text } from '@mantine/core';
import type { ScheduleView } from '@kb-labs/contracts';

import { AnchorLink } from '../parts/anchor-link.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Time } from '../parts/time.js';
import { cronWords } from './cron-words.js';
import { NextTimes } from './next-times.js';
import { catchupWords, overlapWords } from './policy-words.js';
import { ScheduleActions } from './schedule-actions.js';
import { ScheduleHistory } from './schedule-history.js';

export function ScheduleRow({ schedule }: { readonly schedule: ScheduleView }) {
  const { id, workflowId, file, cron, timezone, catchup, overlap, status, next, paused, problem } = schedule;
  return (
    <Table.Tr data-schedule={id}>
      <Table.Td valign="top">
        <AnchorLink to="/workflows/$id" params={{ id: workflowId }} search={{ tab: 'triggers' }} fw={500}>
          {workflowId}
        </AnchorLink>
        <Text size="xs" c="dimmed">
          {file}
        </Text>
      </Table.Td>
      <Table.Td valign="top" maw={280}>
        <Text>{cronWords(cron) ?? cron}</Text>
        <Text size="xs" c="dimmed" title={`${catchupWords(catchup)} ${overlapWords(overlap)}`}>
          <Code>{cron}</Code> {timezone}
        </Text>
        <Text size="xs" c="dimmed">
          {overlapWords(overlap)} {catchupWords(catchup)}
        </Text>
      </Table.Td>
      <Table.Td valign="top" miw={230}>
        <NextTimes next={next} timezone={timezone} />
      </Table.Td>
      <Table.Td valign="top">
        <StatusBadge status={status} />
        {paused === null ? null : (
          <Text size="xs" c="dimmed">
            by {paused.by}, <Time at={paused.at} />
          </Text>
        )}
        {problem === null ? null : (
          <Text size="xs" c="var(--status-bad)" maw={260}>
            {problem.message} <Code>{problem.code}</Code>
          </Text>
        )}
      </Table.Td>
      <Table.Td valign="top">
        <ScheduleHistory schedule={schedule} />
      </Table.Td>
      <Table.Td valign="top">
        <ScheduleActions schedule={schedule} />
      </Table.Td>
    </Table.Tr>
  );
}
