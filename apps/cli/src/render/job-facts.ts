import { formatDuration, LIMITS, type PlannedConcurrency, type PlannedJob, type PlannedJobArtifacts, type PlannedStrategy, type RetryPolicy, type RunPlan } from '@kb-labs/contracts';
import { expandMatrix } from '@kb-labs/resolver';

import { sanitizeText } from '../terminal/sanitize.js';
import { plural } from './diagnostics.js';

/** What a plan says about the whole run besides its jobs. */
export function runFacts({ timeoutMs, concurrency, phases }: RunPlan): string[] {
  return [
    ...(timeoutMs === undefined ? [] : [`timeout ${formatDuration(timeoutMs)}`]),
    ...concurrencyFact(concurrency),
    ...(phases === undefined ? [] : [`phases ${phases.map(({ label }) => sanitizeText(label)).join(', ')}`]),
  ];
}

/** What is special about a job: how often, when, and with what it runs. */
export function jobFacts(job: PlannedJob): string[] {
  return [
    ...(job.strategy === undefined ? [] : matrixFacts(job.strategy)),
    ...concurrencyFact(job.concurrency),
    ...(job.priority === undefined ? [] : [`${job.priority} priority`]),
    ...retryFact(job.retry),
    ...(job.continueOnError ? ['continue on error'] : []),
    ...(job.artifacts === undefined ? [] : artifactFacts(job.artifacts)),
  ];
}

export function retryFact(retry: RetryPolicy): string[] {
  if (retry.max === 0) return [];
  return [`${String(retry.max)} ${retry.max === 1 ? 'retry' : 'retries'}, ${retry.backoff} from ${formatDuration(retry.initialMs)}`];
}

function matrixFacts(strategy: PlannedStrategy): string[] {
  return [
    countText(strategy),
    ...(strategy.maxParallel === undefined ? [] : [`${String(strategy.maxParallel)} at once`]),
    ...(strategy.failFast ? [] : ['goes on when one fails']),
  ];
}

/** What an expression gives is known when the job is ready. */
function countText(strategy: PlannedStrategy): string {
  if (JSON.stringify(strategy.matrix).includes('${{')) return 'combinations from an expression';
  const expanded = expandMatrix(strategy, { contexts: {} }, LIMITS.jobsAfterMatrix);
  return expanded.ok ? plural(expanded.combinations.length, 'combination') : sanitizeText(expanded.problem);
}

function concurrencyFact(concurrency: PlannedConcurrency | undefined): string[] {
  if (concurrency === undefined) return [];
  const how = concurrency.cancelInProgress ? ', cancels those before it' : concurrency.queue === 'latest' ? ', the latest waits' : '';
  return [`one at a time in ${sanitizeText(concurrency.group)}${how}`];
}

function artifactFacts({ produce, consume, merge }: PlannedJobArtifacts): string[] {
  return [
    ...(produce.length === 0 ? [] : [`produces ${produce.map(sanitizeText).join(', ')}`]),
    ...(consume.length === 0 ? [] : [`consumes ${consume.map(sanitizeText).join(', ')}`]),
    ...(merge === undefined ? [] : [`merges ${plural(merge.from.length, 'source')} by ${merge.strategy}`]),
  ];
}
