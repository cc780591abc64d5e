import type { ArtifactHandle } from './artifact.js';
import type { TerminalJobStatus, TerminalRunStatus } from './status.js';
import type { JsonObject } from './json.js';
import type { RunPlan } from './plan.js';
import type { Reason } from './reason.js';
import type { RunError } from './run-error.js';
import type { Trigger } from './trigger.js';
import type { WorkerId } from './ids.js';

/** The version of the journal. A run whose `run.started` carries another is refused, never guessed at. */
export const JOURNAL_SCHEMA = 1;

/** Isolation a step really ran with. */
export type Isolation = 'in-process' | 'subprocess';

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
    }
  | { readonly type: 'run.cancel_requested'; readonly by: string; readonly note?: string }
  | {
      readonly type: 'run.finished';
      readonly status: TerminalRunStatus;
      readonly outputs: JsonObject;
      readonly error?: RunError;
      readonly reason?: Reason;
    }
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
      readonly error?: RunError;
      readonly reason?: Reason;
      readonly retry?: RetryDecision;
    }
  | {
      readonly type: 'step.started';
      readonly job: string;
      readonly attempt: number;
      readonly step: string;
      readonly stepAttempt: number;
      readonly isolation: Isolation;
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
    };

export type RunEventType = RunEventBody['type'];

/** An event in the journal. `at` is milliseconds since the epoch by the writer's clock. */
export type RunEvent = RunEventBody & { readonly seq: number; readonly at: number };
