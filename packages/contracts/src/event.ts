import type { ArtifactHandle } from './artifact.js';
import type { TerminalJobStatus, TerminalRunStatus } from './status.js';
import type { ImageUsed, Isolation } from './execution-target.js';
import type { JsonObject, JsonValue } from './json.js';
import type { RunPlan } from './plan.js';
import type { Reason } from './reason.js';
import type { RunError } from './run-error.js';
import type { Kept, Rerun } from './rerun.js';
import type { StepAnswer, StepWait } from './step-wait.js';
import type { Trigger } from './trigger.js';
import type { RunId, WorkerId } from './ids.js';

/** The version of the journal. A run whose `run.started` carries another is refused, never guessed at. */
export const JOURNAL_SCHEMA = 1;

/** The next try of a step or job, decided together with the outcome of this one. */
export interface RetryDecision {
  readonly attempt: number;
  readonly dueAt: number;
  /** The error code that was retried. */
  readonly code: string;
}

/** What happened, in the past tense. One run's events are its journal: numbered from 1 without gaps. */
export type RunEventBody =
  | {
      readonly type: 'run.started';
      readonly schema: typeof JOURNAL_SCHEMA;
      readonly plan: RunPlan;
      readonly trigger: Trigger;
      readonly idempotencyKey?: string;
      /** The run at the top of the tree; absent: itself. */
      readonly root?: RunId;
      /** Absent: `default`. */
      readonly tenant?: string;
      readonly rerun?: Rerun;
    }
  /** Something called back before or while a step waits for it. */
  | { readonly type: 'run.called_back'; readonly payload: JsonValue; readonly by: string }
  | { readonly type: 'run.cancel_requested'; readonly by: string; readonly note?: string; /** Its time ran out: it ends as failed. */ readonly cause?: 'timeout' }
  | {
      readonly type: 'run.finished';
      readonly status: TerminalRunStatus;
      readonly outputs: JsonObject;
      readonly error?: RunError;
      readonly reason?: Reason;
    }
  /** The job became its combinations: jobs of their own, in this order. */
  | { readonly type: 'job.expanded'; readonly job: string; readonly combinations: readonly JsonObject[] }
  /** The job alone is to end: what runs of it is stopped. */
  | { readonly type: 'job.cancel_requested'; readonly job: string; readonly reason: Reason }
  | {
      readonly type: 'job.started';
      readonly job: string;
      readonly attempt: number;
      readonly turn: number;
      readonly worker: WorkerId;
      readonly token: number;
    }
  | {
      /** The outcome of one attempt. With `retry` the job goes on to that attempt; without, `status` is final. */
      readonly type: 'job.finished';
      readonly job: string;
      readonly attempt: number;
      readonly status: TerminalJobStatus;
      readonly outputs: JsonObject;
      /** What the job itself made of its steps' artifacts. */
      readonly artifacts?: readonly ArtifactHandle[];
      readonly error?: RunError;
      readonly reason?: Reason;
      readonly retry?: RetryDecision;
      readonly kept?: Kept;
    }
  | {
      readonly type: 'step.started';
      readonly job: string;
      readonly attempt: number;
      readonly step: string;
      readonly stepAttempt: number;
      readonly isolation: Isolation;
      /** Of a step in a container. */
      readonly image?: ImageUsed;
      /** The run that this step calls. */
      readonly child?: RunId;
    }
  /** The step waits, and with it its job, until the wait is answered or over. The next hand-out of the job goes on with it. */
  | {
      readonly type: 'step.waiting';
      readonly job: string;
      readonly attempt: number;
      readonly step: string;
      readonly stepAttempt: number;
      readonly wait: StepWait;
    }
  | {
      readonly type: 'step.answered';
      readonly job: string;
      readonly attempt: number;
      readonly step: string;
      readonly stepAttempt: number;
      readonly answer: StepAnswer;
    }
  | {
      /** The outcome of one try of a step; exactly one per `step.started`. With `retry` the step goes on to that try. */
      readonly type: 'step.finished';
      readonly job: string;
      readonly attempt: number;
      readonly step: string;
      readonly stepAttempt: number;
      readonly status: TerminalJobStatus | 'interrupted';
      readonly outputs: JsonObject;
      readonly artifacts: readonly ArtifactHandle[];
      readonly error?: RunError;
      readonly reason?: Reason;
      readonly retry?: RetryDecision;
      /** Of an interruption: the worker did not die. It was told to stop, or gave the job back because the state was away. */
      readonly workerLived?: true;
      /** The run that the step was to call was never created: there is none with the id that `step.started` gave. */
      readonly childRefused?: true;
      /** A gate sent the job back: the steps from this one to the gate begin anew. */
      readonly restart?: { readonly from: string };
      readonly kept?: Kept;
    };

export type RunEventType = RunEventBody['type'];

/** An event in the journal. `at` is milliseconds since the epoch by the writer's clock. */
export type RunEvent = RunEventBody & { readonly seq: number; readonly at: number };
