import type { JobView, RunId, RunView, StepView } from '@kb-labs/contracts';

import { followRun } from './follow-run.js';
import type { Harness } from './harness.fixture.js';

/** The first view of a run that a test waits for. Somebody has to work on the run. */
export async function viewOnce(harness: Harness, runId: RunId, holds: (view: RunView) => boolean): Promise<RunView> {
  for await (const view of followRun(harness.deps, runId, new AbortController().signal)) if (holds(view)) return view;
  throw new Error('the run ended without it');
}

/** Each job with how it is. */
export function statuses(view: RunView): Record<string, string> {
  return Object.fromEntries(view.jobs.map((job) => [job.key, job.status]));
}

export function jobIn(view: RunView, key: string): JobView {
  const job = view.jobs.find((one) => one.key === key);
  if (job === undefined) throw new Error(`no job ${key}`);
  return job;
}

export function stepIn(view: RunView, job: string, step: string): StepView {
  const found = jobIn(view, job).steps.find((one) => one.id === step);
  if (found === undefined) throw new Error(`no step ${job}/${step}`);
  return found;
}

/** Lets everything run that is ready to, until the condition holds. */
export async function turns(until: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await until())) await new Promise(setImmediate);
}
