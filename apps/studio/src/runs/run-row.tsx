import { Checkbox, Group, Table, Tooltip } from '@mantine/core';
import type { RunSummaryView } from '@kb-labs/contracts';
import { memo } from 'react';

import { AnchorLink } from '../parts/anchor-link.js';
import { Copy } from '../parts/copy.js';
import { reasonNote } from '../parts/reason-note.js';
import { shortId } from '../parts/short-id.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Duration, Time } from '../parts/time.js';
import classes from './runs.module.css';

interface RunRowProps {
  readonly run: RunSummaryView;
  readonly index: number;
  readonly chosen: boolean;
  readonly current: boolean;
  readonly onChoose: (id: string, range: boolean) => void;
  readonly onOpen: (id: string) => void;
}

export const RunRow = memo(function RunRow({ run, index, chosen, current, onChoose, onOpen }: RunRowProps) {
  const note = reasonNote(run.status, run.reason);
  return (
    <Table.Tr
      className={classes['row']}
      data-index={index}
      data-run={run.id}
      data-current={current || undefined}
      data-chosen={chosen || undefined}
      onClick={({ target, metaKey, ctrlKey }) => {
        // Links, boxes and buttons in it do what they do; text that was marked is meant to be copied.
        if (metaKey || ctrlKey || (target as Element).closest('a, button, input, label') !== null || getSelection()?.isCollapsed === false) return;
        onOpen(run.id);
      }}
    >
      <Table.Td className={classes['check']}>
        <Checkbox
          size="xs"
          checked={chosen}
          aria-label={`Select ${run.id}`}
          onChange={({ nativeEvent }) => {
            onChoose(run.id, 'shiftKey' in nativeEvent && nativeEvent.shiftKey === true);
          }}
        />
      </Table.Td>
      <Table.Td className={classes['status']}>
        <Tooltip label={run.reason?.message ?? ''} disabled={run.reason === undefined} multiline maw={420}>
          <span className={classes['state']}>
            <StatusBadge status={run.status} {...(note === undefined ? {} : { note })} />
          </span>
        </Tooltip>
      </Table.Td>
      <Table.Td className={classes['workflow']}>
        <AnchorLink to="/workflows/$id" params={{ id: run.workflowId }} c="inherit" fw={500}>
          {run.workflowId}
        </AnchorLink>
      </Table.Td>
      <Table.Td className={classes['id']}>
        <Group gap={2} wrap="nowrap">
          <AnchorLink to="/runs/$id" params={{ id: run.id }} className={classes['mono']} title={run.id}>
            {shortId(run.id)}
          </AnchorLink>
          <Copy text={run.id} what="the id of the run" />
        </Group>
      </Table.Td>
      <Table.Td className={classes['trigger']}>
        {run.trigger.type}{' '}
        <span className={classes['quiet']} title={run.trigger.actor}>
          by {run.trigger.actor}
        </span>
      </Table.Td>
      <Table.Td className={classes['branch']} title={run.trigger.branch ?? undefined}>
        {run.trigger.branch ?? '–'}
      </Table.Td>
      <Table.Td className={classes['created']}>
        <Time at={run.createdAt} />
      </Table.Td>
      <Table.Td className={classes['duration']}>
        <Duration from={run.startedAt} to={run.finishedAt} />
      </Table.Td>
    </Table.Tr>
  );
});
