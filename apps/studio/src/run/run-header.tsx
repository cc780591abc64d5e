import { Group, Text } from '@mantine/core';
import type { RunView } from '@kb-labs/contracts';

import { AnchorLink } from '../parts/anchor-link.js';
import { Copy } from '../parts/copy.js';
import { Facts } from '../parts/facts.js';
import { shortId } from '../parts/short-id.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Duration, Time } from '../parts/time.js';
import classes from './run.module.css';

/** What is known of a run at a glance. */
export function RunHeader({ run }: { readonly run: RunView }) {
  const { trigger } = run;
  const children = run.jobs.flatMap(({ key, steps }) => steps.flatMap(({ id, childRunId }) => (childRunId === undefined ? [] : [{ at: `${key}/${id}`, childRunId }])));
  const again = run.jobs.flatMap((job) => [job, ...job.steps].filter(({ attempt }) => attempt > 1).map(({ name, attempt }) => `${name} ×${String(attempt)}`));
  return (
    <Facts
      dense
      rows={[
        ['Workflow', <AnchorLink key="w" to="/workflows/$id" params={{ id: run.workflowId }}>{run.workflowId}</AnchorLink>],
        ['Version', run.workflowVersion ?? undefined],
        ['Trigger', trigger.event === undefined ? trigger.type : `${trigger.type}, ${trigger.event}`],
        ['Actor', trigger.actor],
        ['Branch', trigger.branch ?? trigger.tag ?? undefined],
        [
          'Commit',
          trigger.sha === null ? undefined : (
            <Group key="c" gap={2} wrap="nowrap">
              <code title={trigger.sha}>{trigger.sha.slice(0, 8)}</code>
              <Copy text={trigger.sha} what="the commit" />
            </Group>
          ),
        ],
        ['Created', <Time key="t" at={run.createdAt} />],
        ['Duration', <Duration key="d" from={run.startedAt} to={run.finishedAt} />],
        ['Attempts', again.length === 0 ? undefined : `${again.slice(0, SHOWN).join(', ')}${again.length > SHOWN ? ` and ${String(again.length - SHOWN)} more` : ''}`],
        ['Called by', run.parent === undefined ? undefined : <RunLink key="p" id={run.parent.id} text={run.parent.workflowId} />],
        ['Run again from', run.rerunOf === undefined ? undefined : <RunLink key="r" id={run.rerunOf} text="" />],
        [
          'Calls',
          children.length === 0 ? undefined : (
            <Group key="k" gap="xs">
              {children.slice(0, SHOWN).map(({ at, childRunId }) => (
                <RunLink key={at} id={childRunId} text={at} />
              ))}
              {children.length > SHOWN ? <Text span size="sm" c="dimmed">and {children.length - SHOWN} more, in the graph</Text> : null}
            </Group>
          ),
        ],
      ]}
    />
  );
}

const SHOWN = 6;

function RunLink({ id, text }: { readonly id: string; readonly text: string }) {
  return (
    <AnchorLink to="/runs/$id" params={{ id }} title={id}>
      {text === '' ? shortId(id) : `${text} ${shortId(id)}`}
    </AnchorLink>
  );
}

/** The phases of a run, for those who do not care about its jobs. */
export function Phases({ phases }: { readonly phases: NonNullable<RunView['phases']> }) {
  return (
    <ol className={classes['phases']} aria-label="Phases">
      {phases.map(({ id, label, status }) => (
        <li key={id} className={classes['phase']} data-status={status}>
          <Text span fw={500}>{label}</Text>
          <StatusBadge status={status} />
        </li>
      ))}
    </ol>
  );
}
