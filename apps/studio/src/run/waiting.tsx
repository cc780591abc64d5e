import { Stack } from '@mantine/core';
import type { RunView } from '@kb-labs/contracts';
import { lazy, Suspense } from 'react';

const ApprovalPanel = lazy(() => import('../approvals/approval-panel.js').then(({ ApprovalPanel: component }) => ({ default: component })));

/** What of a run waits for a decision of somebody, to be decided right here. */
export function Waiting({ run, onDone }: { readonly run: RunView; readonly onDone: () => void }) {
  const waiting = run.jobs.flatMap(({ key, steps }) => steps.flatMap(({ id, waitsFor }) => (waitsFor?.kind === 'approval' ? [{ job: key, step: id, wait: waitsFor }] : [])));
  if (waiting.length === 0) return null;
  return (
    <Suspense fallback={null}>
      <Stack gap="sm">
        {waiting.map(({ job, step, wait }) => (
          <ApprovalPanel key={`${job} ${step}`} runId={run.id} job={job} step={step} wait={wait} onDone={onDone} />
        ))}
      </Stack>
    </Suspense>
  );
}
