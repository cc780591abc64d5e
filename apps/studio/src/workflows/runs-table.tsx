import { Table, Text } from '@mantine/core';
import type { RunSummaryView } from '@kb-labs/contracts';

import { AnchorLink } from '../parts/anchor-link.js';
import { Empty } from '../parts/empty.js';
import { Heads } from '../parts/heads.js';
import { reasonNote } from '../parts/reason-note.js';
import { shortId } from '../parts/short-id.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Duration, Time } from '../parts/time.js';
import classes from './workflows.module.css';

/** Runs of one workflow. */
export function RunsTable({ runs, workflowId }: { readonly runs: readonly RunSummaryView[]; readonly workflowId: string }) {
  if (runs.length === 0) {
    return (
      <Empty title="Not run yet" command={`kb workflow:run --workflow-id=${workflowId}`}>
        Its runs are listed here as soon as there is one.
      </Empty>
    );
  }
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table highlightOnHover aria-label="Runs of this workflow">
        <Heads of={['Status', 'Run', 'Started by', 'Created', 'Took']} />
        <Table.Tbody>
          {runs.map((run) => {
            const note = reasonNote(run.status, run.reason);
            return (
              <Table.Tr key={run.id}>
                <Table.Td title={run.reason?.message}>
                  <StatusBadge status={run.status} {...(note === undefined ? {} : { note })} />
                </Table.Td>
                <Table.Td>
                  <AnchorLink to="/runs/$id" params={{ id: run.id }} className={classes['mono']} title={run.id}>
                    {shortId(run.id)}
                  </AnchorLink>
                </Table.Td>
                <Table.Td>
                  {run.trigger.type}{' '}
                  <Text span c="dimmed" inherit>
                    by {run.trigger.actor}
                    {run.trigger.branch === null ? '' : ` on ${run.trigger.branch}`}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Time at={run.createdAt} />
                </Table.Td>
                <Table.Td>
                  <Duration from={run.startedAt} to={run.finishedAt} />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
