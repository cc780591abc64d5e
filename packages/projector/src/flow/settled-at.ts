import { type FlowFacts, judgeFlow } from './flow-rules.js';

/**
 * When a flow was settled, in ms since the epoch; `undefined`: it is not. What failed or was cancelled settles it when it did, for nothing that
 * ends undoes that; success comes with the end of its last run and the last evidence that it needed, at `metAt`.
 */
export function settledAt(facts: FlowFacts, metAt: number): number | undefined {
  const spoilt = [...facts.runs.flatMap(spoiltAt), ...facts.violations.map(({ at }) => at)].reduce((first, at) => Math.min(first, at), Number.POSITIVE_INFINITY);
  if (Number.isFinite(spoilt)) return spoilt;
  if (judgeFlow(facts).status !== 'succeeded') return undefined;
  return facts.runs.reduce((last, { finishedAt, createdAt }) => Math.max(last, finishedAt ?? createdAt), metAt);
}

function spoiltAt({ status, finishedAt, createdAt, tasks }: FlowFacts['runs'][number]): number[] {
  const ownEnd = finishedAt ?? createdAt;
  const ends = tasks.flatMap((task) => (task.status === 'failed' || (task.status === 'cancelled' && !task.interrupted) ? [task.finishedAt ?? ownEnd] : []));
  return status === 'failed' || status === 'cancelled' ? [...ends, ownEnd] : ends;
}
