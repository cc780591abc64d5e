import type { JsonObject, PlannedJob, PlannedStep, Reason, RunState } from '@kb-labs/contracts';

import type { EndedSteps } from './ended-steps.js';

export type StepDecision =
  | { readonly run: true }
  | { readonly run: false; readonly status: 'skipped' | 'cancelled'; readonly reason: Reason };

export interface StepSituation {
  readonly state: RunState;
  readonly job: PlannedJob;
  readonly step: PlannedStep;
  /** The steps before this one, those of hooks among them. */
  readonly ended: EndedSteps;
  readonly contexts: JsonObject;
  /** Whether the run, or the job alone, is being cancelled. */
  readonly cancelled: boolean;
  /** Whether the time of the job has run out. */
  readonly timedOut?: boolean;
  readonly hashFiles: (patterns: readonly string[]) => string;
}
