import type { RunView } from '@kb-labs/contracts';
import { Button, Group, Paper, Stack, Text } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';

import type { ApprovalWaitView } from '../approvals/approval-wait.js';
import { Pending } from '../parts/pending.js';
import { StatusBadge } from '../parts/status-badge.js';

const ApprovalPanel = lazy(() => import('../approvals/approval-panel.js').then(({ ApprovalPanel: component }) => ({ default: component })));

/** What of a run waits for a decision of somebody, to be decided right here. */
export function Waiting({ run, onDone }: { readonly run: RunView; readonly onDone: () => void }) {
  const waiting = run.jobs.flatMap(({ key, steps }) => steps.flatMap(({ id, waitsFor }) => (waitsFor?.kind === 'approval' ? [{ job: key, step: id, wait: waitsFor }] : [])));
  if (waiting.length === 0) return null;
  return (
    <Stack gap="xs">
      {waiting.map(({ job, step, wait }) => (
        <Asked key={`${job} ${step}`} runId={run.id} job={job} step={step} wait={wait} onDone={onDone} />
      ))}
    </Stack>
  );
}

interface AskedProps {
  readonly runId: string;
  readonly job: string;
  readonly step: string;
  readonly wait: ApprovalWaitView;
  readonly onDone: () => void;
}

/** One line, so that what the decision is about stays in sight: the log, the graph, the artifacts. */
function Asked(props: AskedProps) {
  const { wait, job } = props;
  const [open, setOpen] = useState(false);
  return (
    <>
      <Paper withBorder px="md" py="xs">
        <Group justify="space-between" gap="xs">
          <Group gap="sm">
            <StatusBadge status="waiting_approval" />
            <Text fw={500} style={{ overflowWrap: 'anywhere' }}>
              {wait.title}
            </Text>
            <Text c="dimmed">{job}</Text>
          </Group>
          <Button
            size="compact-md"
            variant={open ? 'default' : 'filled'}
            aria-expanded={open}
            onClick={() => {
              setOpen(!open);
            }}
          >
            {open ? 'Later' : 'Decide'}
          </Button>
        </Group>
      </Paper>
      {open ? (
        <Suspense fallback={<Pending />}>
          <ApprovalPanel {...props} />
        </Suspense>
      ) : null}
    </>
  );
}
