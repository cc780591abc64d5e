import type { RunView } from '@kb-labs/contracts';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import { JobGraph } from '../../parts/graph/job-graph.js';
import classes from './graph.module.css';
import { JobPanel } from './job-panel.js';
import { jobsToNodes } from './jobs-to-nodes.js';

/** The jobs of a run as a graph, and beside it the one that was opened. Which one that is stands in the address. */
export function GraphTab({ run }: { readonly run: RunView }) {
  const { job: opened } = useSearch({ from: '/runs/$id' });
  const navigate = useNavigate({ from: '/runs/$id' });
  const nodes = useMemo(() => jobsToNodes(run), [run]);
  const open = useCallback(
    (job: string | undefined) => {
      void navigate({ search: ({ job: _before, ...search }) => (job === undefined ? search : { ...search, job }), replace: true, resetScroll: false });
    },
    [navigate],
  );
  const job = run.jobs.find(({ key }) => key === opened);
  const close = (): void => {
    open(undefined);
    // Where the reader came from.
    document.querySelector<HTMLElement>(`[data-node="${CSS.escape(job?.combinationOf ?? job?.key ?? '')}"]`)?.focus({ preventScroll: true });
  };
  return (
    <div className={classes['tab']} data-open={job === undefined ? undefined : true}>
      <JobGraph nodes={nodes} label={`Jobs of the run ${run.id}`} onOpen={open} selected={job?.combinationOf ?? job?.key} />
      {job === undefined ? null : <JobPanel runId={run.id} job={job} combinations={run.jobs.filter(({ combinationOf }) => combinationOf === job.key)} onOpen={open} onClose={close} />}
    </div>
  );
}
