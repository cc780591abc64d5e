import { isTerminalJob, type JobView, type RunView } from '@kb-labs/contracts';

import type { GraphNode } from '../../parts/graph/graph-node.js';

/** The jobs of a run as boxes. A job of a matrix is one box, with its combinations as parts. */
export function jobsToNodes({ jobs }: Pick<RunView, 'jobs'>): GraphNode[] {
  const combinations = Map.groupBy(jobs, ({ combinationOf }) => combinationOf);
  return (combinations.get(undefined) ?? []).map((job) => toNode(job, combinations.get(job.key) ?? []));
}

function toNode(job: JobView, combinations: readonly JobView[]): GraphNode {
  const notes = [...(job.attempt > 1 ? [`attempt ${String(job.attempt)}`] : []), ...(job.keptFrom === undefined ? [] : ['kept']), ...(isTerminalJob(job.status) || job.reason === undefined ? [] : [job.reason.message])];
  const calls = job.steps.filter(({ childRunId }) => childRunId !== undefined).length;
  return {
    id: job.key,
    label: job.name,
    sublabel: combinations.length > 0 ? countOf(combinations) : `${plural(job.steps.length, 'step')}${calls === 0 ? '' : `, calls ${plural(calls, 'run')}`}`,
    needs: job.needs,
    status: job.status,
    ...(notes.length === 0 ? {} : { note: notes.join(', ') }),
    ...(job.startedAt === null ? {} : { time: { from: job.startedAt, to: job.finishedAt } }),
    ...(combinations.length === 0 ? {} : { parts: combinations.map(({ key, name, status }) => ({ id: key, label: name, status })) }),
  };
}

/** `3 of 12 done, 1 failed`. */
function countOf(combinations: readonly JobView[]): string {
  const done = combinations.filter(({ status }) => isTerminalJob(status)).length;
  const failed = combinations.filter(({ status }) => status === 'failed').length;
  return `${done === combinations.length ? `${String(done)} combinations` : `${String(done)} of ${String(combinations.length)} done`}${failed === 0 ? '' : `, ${String(failed)} failed`}`;
}

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
