import type { JsonObject, PlannedJob, PlannedStep, Reason, RunState, StepState } from '@kb-labs/contracts';

export type StepDecision =
  | { readonly run: true }
  | { readonly run: false; readonly status: 'skipped' | 'cancelled'; readonly reason: Reason };

export interface StepSituation {
  readonly state: RunState;
  readonly job: PlannedJob;
  readonly step: PlannedStep;
  /** Of the steps before this one, those of hooks among them. */
  readonly before: readonly StepState[];
  readonly contexts: JsonObject;
  /** Whether the run, or the job alone, is being cancelled. */
  readonly cancelled: boolean;
  /** Whether the time of the job has run out. */
  readonly timedOut?: boolean;
  readonly hashFiles: (patterns: readonly string[]) => string;
}

/** An earlier step, and how it counts for those after it. */
export interface EarlierResult {
  readonly id: string;
  readonly hook: PlannedStep['hook'];
  /** After `continue-on-error`. */
  readonly result: StepState['status'];
}
