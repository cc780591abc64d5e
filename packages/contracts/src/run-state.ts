import type { ArtifactHandle } from './artifact.js';
import type { ImageUsed, Isolation } from './execution-target.js';
import type { RunId, WorkerId } from './ids.js';
import type { JsonObject, JsonValue } from './json.js';
import type { RunPlan } from './plan.js';
import type { Reason } from './reason.js';
import type { RunError } from './run-error.js';
import type { JobStatus, RunStatus, StepStatus } from './status.js';
import type { Kept, Rerun } from './rerun.js';
import type { StepAnswer, StepWait } from './step-wait.js';
import type { Trigger } from './trigger.js';

/** A run's journal folded: what decisions read. Never stored; `seq` is the last event it contains. */
export interface RunState {
  readonly id: RunId;
  readonly seq: number;
  readonly plan: RunPlan;
  readonly trigger: Trigger;
  /** The run at the top of the tree this one belongs to; itself for most. */
  readonly root: RunId;
  readonly tenant: string;
  readonly status: RunStatus;
  readonly reason?: Reason;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly outputs: JsonObject;
  readonly error?: RunError;
  readonly cancel?: { readonly by: string; readonly note?: string; readonly at: number; readonly cause?: 'timeout' };
  readonly rerun?: Rerun;
  /** How many runs its steps have called. */
  readonly children: number;
  /** Callbacks that no step has taken yet, oldest first. */
  readonly callbacks: readonly { readonly payload: JsonValue; readonly by: string }[];
  /** Jobs that have not ended. */
  readonly openJobs: number;
  readonly runningJobs: number;
  readonly waitingJobs: number;
  /** Jobs that have begun, wait for nothing any more, and have not been taken up again. */
  readonly readyAgain: number;
  /** By key, combinations of matrices among them. The order means nothing. */
  readonly jobs: ReadonlyMap<string, JobState>;
}

export interface JobState {
  readonly key: string;
  /** Of a combination: the key of the job in the plan, and its place among the combinations, from 0. */
  readonly combination?: { readonly of: string; readonly index: number; readonly matrix: JsonObject };
  /** Of a job with a matrix, once it has become its combinations. */
  readonly matrix?: MatrixState;
  readonly status: JobStatus;
  /** From 1; of the attempt that runs or comes next. */
  readonly attempt: number;
  /** The hand-out within the attempt that runs or comes next, from 0. */
  readonly turn: number;
  /** Who was handed the job last. */
  readonly worker?: WorkerId;
  readonly reason?: Reason;
  readonly outputs: JsonObject;
  /** The run was cancelled after this job had started: its steps end as cancelled unless their conditions say otherwise. */
  readonly cancelled?: true;
  /** Why, when it was this job alone that was cancelled. */
  readonly cancelReason?: Reason;
  readonly error?: RunError;
  /** When the attempt may start, after a retry. */
  readonly dueAt?: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** What the job itself made of its steps' artifacts. */
  readonly artifacts: readonly ArtifactHandle[];
  readonly kept?: Kept;
  /** Of the current attempt, one for each planned step, in order. */
  readonly steps: readonly StepState[];
  /** How many of the first of them have ended; counted along, so that a step of a long job costs what one of a short job does. */
  readonly endedSteps: number;
}

/** Counted along, so that the end of a combination costs the same however many there are. */
export interface MatrixState {
  readonly total: number;
  /** Have left the queue at least once, or ended without. */
  readonly begun: number;
  readonly ended: number;
  /** The first combination that failed for good; `continue-on-error` is left out. */
  readonly failed?: string;
}

export interface StepState {
  readonly id: string;
  readonly status: StepStatus;
  /** From 1; grows when a gate sends the job back over this step. */
  readonly iteration: number;
  /** Of a gate: what it decided in the iteration before. */
  readonly previous?: JsonObject;
  /** What it waits for, and how that was answered. */
  readonly wait?: StepWait;
  readonly answer?: StepAnswer;
  /** It was cancelled while it waited. A wait that began after a cancellation, to clean up, goes on. */
  readonly unwanted?: true;
  /** The run it called. */
  readonly child?: RunId;
  readonly kept?: Kept;
  /** From 1; of the try that runs or comes next. */
  readonly attempt: number;
  /** How many tries ended with the death of their worker since one failed by itself. */
  readonly interruptions: number;
  /** How many tries failed by themselves and were retried. */
  readonly failures: number;
  readonly reason?: Reason;
  readonly outputs: JsonObject;
  readonly artifacts: readonly ArtifactHandle[];
  readonly error?: RunError;
  readonly isolation?: Isolation;
  readonly image?: ImageUsed;
  readonly dueAt?: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
}
