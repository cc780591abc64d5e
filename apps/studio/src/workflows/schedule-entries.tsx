import { Code, Table, Text } from '@mantine/core';

import { AnchorLink } from '../parts/anchor-link.js';
import { Heads } from '../parts/heads.js';
import { WideTable } from '../parts/wide-table.js';
import { cronWords } from '../schedules/cron-words.js';
import { NextTimes } from '../schedules/next-times.js';
import { catchupWords, overlapWords } from '../schedules/policy-words.js';
import type { WorkflowDetail } from './workflow-entry.js';

export function ScheduleEntries({ schedules }: { readonly schedules: WorkflowDetail['triggers']['schedules'] }) {
  return (
    <>
      <WideTable minWidth={640} label="Schedules">
        <Table aria-label="Schedules" verticalSpacing="sm">
          <Heads of={['When', 'Next times', 'Otherwise']} />
          <Table.Tbody>
            {schedules.map(({ cron, timezone, catchup, overlap, next }) => (
              <Table.Tr key={`${cron} ${timezone}`}>
                <Table.Td valign="top">
                  <Text>{cronWords(cron) ?? cron}</Text>
                  <Text size="xs" c="dimmed">
                    <Code>{cron}</Code> {timezone}
                  </Text>
                </Table.Td>
                <Table.Td valign="top">
                  <NextTimes next={next} timezone={timezone} />
                </Table.Td>
                <Table.Td valign="top">
                  <Text size="sm">{catchupWords(catchup)}</Text>
                  <Text size="sm">{overlapWords(overlap)}</Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
      <AnchorLink to="/schedules">All schedules: pause, resume, start now</AnchorLink>
    </>
  );
}
