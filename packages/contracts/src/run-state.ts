import type { ArtifactHandle } from './artifact.js';
import type { Isolation } from './event.js';
import type { RunId } from './ids.js';
import type { JsonObject } from './json.js';
import type { RunPlan } from './plan.js';
import type { Reason } from './reason.js';
import type { RunError } from './run-error.js';
import type { JobStatus, RunStatus, StepStatus } from './status.js';
import type { Trigger } from './trigger.js';

/** A run's journal folded: what decisions read. Never stored; `seq` is the last event it contains. */
export interface RunState {
  readonly id: RunId;
  readonly seq: number;
  readonly plan: RunPlan;
  readonly trigger: Trigger;
  readonly status: RunStatus;
  readonly reason?: Reason;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly outputs: JsonObject;
  readonly error?: RunError;
  readonly cancel?: { readonly by: string; readonly note?: string; readonly at: number };
  /** Jobs that have not ended. */
  readonly openJobs: number;
  readonly runningJobs: number;
  readonly waitingJobs: number;
  readonly jobs: ReadonlyMap<string, JobState>;
}

export interface JobState {
  readonly key: string;
  readonly status: JobStatus;
  /** From 1; of the attempt that runs or comes next. */
  readonly attempt: number;
  /** The hand-out within the attempt that runs or comes next, from 0. */
  readonly turn: number;
  readonly reason?: Reason;
  readonly outputs: JsonObject;
  /** The run was cancelled after this job had started: its steps end as cancelled unless their conditions say otherwise. */
  readonly cancelled?: true;
  readonly error?: RunError;
  /** When the attempt may start, after a retry. */
  readonly dueAt?: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** Of the current attempt, one for each planned step, in order. */
  readonly steps: readonly StepState[];
}

export interface StepState {
  readonly id: string;
  readonly status: StepStatus;
  /** From 1; of the try that runs or comes next. */
  readonly attempt: number;
  /** How many tries in a row ended with their worker. */
  readonly interruptions: number;
  /** How many tries failed by themselves and were retried. */
  readonly failures: number;
  readonly reason?: Reason;
  readonly outputs: JsonObject;
  readonly artifacts: readonly ArtifactHandle[];
  readonly error?: RunError;
  readonly isolation?: Isolation;
  readonly dueAt?: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
}
