import type { EarlierJob, JobState, RunState } from '@kb-labs/contracts';
import { jobGraph } from '@kb-labs/resolver';

import { combinationsOf } from './combinations-of.js';

/** A job, or a step of a job that has to run again from another of its steps on, and why. */
export interface RerunChoice {
  readonly job: string;
  readonly step?: string;
  readonly why: string;
}

export interface RerunChoices {
  /** What can be kept, if nothing it depends on turns out to have changed. */
  readonly keeps: readonly RerunChoice[];
  readonly again: readonly RerunChoice[];
}

const IF_SAME = 'it is kept if what it needs comes out the same and no files have changed';

/** What a rerun means to keep and what certainly runs again, for people, in the order of the plan. */
export function rerunChoices(state: RunState, earlier: Readonly<Record<string, EarlierJob>>, from?: { readonly job: string }): RerunChoices {
  const keeps: RerunChoice[] = [];
  const again: RerunChoice[] = [];
  const after = jobsAfter(state, (job) => earlierOf(earlier, job)?.ended === undefined);
  for (const job of inOrder(state)) {
    const known = earlierOf(earlier, job);
    const behind = after.has(job.combination?.of ?? job.key);
    if (known?.ended !== undefined) keeps.push({ job: job.key, why: behind ? `it succeeded; ${IF_SAME}` : 'it succeeded' });
    else if (job.status === 'skipped') again.push({ job: job.key, why: 'it was skipped: its condition is asked again' });
    else {
      const steps = known?.steps ?? [];
      const unknown = steps.findIndex((step) => step.status === 'success' && step.inputs === null);
      const kept = unknown === -1 ? steps : steps.slice(0, unknown);
      const why = job.key === from?.job ? 'it stands before the chosen step' : 'it succeeded before the job ended';
      for (const step of kept) keeps.push({ job: job.key, step: step.id, why: behind ? `${why}; ${IF_SAME}` : why });
      again.push(firstAgain(job, kept.length, { chosen: job.key === from?.job, dependsOnFiles: unknown !== -1 }));
      for (const step of job.steps.slice(kept.length + 1)) again.push({ job: job.key, step: step.id, why: 'it comes after what runs again' });
    }
  }
  return { keeps, again };
}

function firstAgain(job: JobState, kept: number, at: { chosen: boolean; dependsOnFiles: boolean }): RerunChoice {
  const next = job.steps[kept];
  const step = next === undefined ? {} : { step: next.id };
  if (at.dependsOnFiles) return { job: job.key, ...step, why: 'what it is given depends on files' };
  if (at.chosen) return { job: job.key, ...step, why: 'it was chosen' };
  return { job: job.key, ...step, why: HOW[next?.status ?? job.status] ?? 'it did not succeed' };
}

const HOW: Readonly<Record<string, string>> = {
  failed: 'it failed',
  cancelled: 'it was cancelled',
  skipped: 'it was skipped',
  queued: 'it had not begun',
  success: 'it comes after what runs again',
};

/** Everything that needs, directly or not, a job of which some part runs again. */
function jobsAfter(state: RunState, runsAgain: (job: JobState) => boolean): Set<string> {
  const { dependants } = jobGraph(state.plan);
  const changed = new Set(inOrder(state).filter(runsAgain).map((job) => job.combination?.of ?? job.key));
  const after = new Set([...changed].flatMap((key) => dependants.get(key) ?? []));
  for (const one of after) for (const next of dependants.get(one) ?? []) after.add(next);
  return after;
}

/** The jobs that run, combinations in place of their job. */
function inOrder(state: RunState): JobState[] {
  return state.plan.jobs.flatMap(({ key }) => {
    const job = state.jobs.get(key);
    if (job?.matrix === undefined) return job === undefined ? [] : [job];
    return combinationsOf(state, job);
  });
}

function earlierOf(earlier: Readonly<Record<string, EarlierJob>>, job: JobState): EarlierJob | undefined {
  return Object.hasOwn(earlier, job.key) ? earlier[job.key] : undefined;
}
