import type { JobState, MatrixState, RunState, StepState } from '@kb-labs/contracts';

/** The states while a fold changes them. */
type Draft<T> = { -readonly [K in keyof T]: T[K] };
export type StepDraft = Draft<StepState>;
export type JobDraft = Omit<Draft<JobState>, 'steps' | 'matrix'> & { steps: StepDraft[]; matrix?: Draft<MatrixState> };
export type RunDraft = Omit<Draft<RunState>, 'jobs' | 'callbacks'> & { jobs: Map<string, JobDraft>; callbacks: RunState['callbacks'][number][] };

export function openJob(key: string, steps: readonly { readonly id: string }[]): JobDraft {
  return { key, status: 'queued', attempt: 1, turn: 0, outputs: {}, artifacts: [], steps: openSteps(steps), endedSteps: 0 };
}

export function openSteps(steps: readonly { readonly id: string }[]): StepDraft[] {
  return steps.map((step) => openStep(step.id));
}

export function openStep(id: string): StepDraft {
  return { id, status: 'queued', iteration: 1, attempt: 1, interruptions: 0, failures: 0, outputs: {}, artifacts: [] };
}

/** Sets what is there and removes what is not: an absent key and `undefined` are not the same. */
export function assign<T, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value === undefined) clear(target, key);
  else target[key] = value;
}

/** Most of what an event takes away is not there: to delete it all the same costs more than the rest of the event. */
export function clear<T, K extends keyof T>(target: T, key: K): void {
  if (target[key] !== undefined) delete target[key];
}
