import { isTerminalJob } from '@kb-labs/contracts';

import { corrupt } from './corrupt.js';
import type { JobDraft, RunDraft } from './drafts.js';

/** The job that an event is about, which must be in this attempt and not over. */
export function openJobOf(run: RunDraft, key: string, attempt: number): JobDraft {
  const job = run.jobs.get(key);
  if (job === undefined) throw corrupt(run.id, `an event of the unknown job ${key}`);
  if (isTerminalJob(job.status)) throw corrupt(run.id, `an event of job ${key} after its end`);
  if (job.attempt !== attempt) throw corrupt(run.id, `an event of attempt ${attempt} of job ${key}, expected ${job.attempt}`);
  return job;
}
