import type { ReasonView } from './run-view.js';
import type { RunError } from './run-error.js';
import type { JobStatus, RunStatus, StepStatus } from './status.js';

/** Why each part of a run that is not simply done or running is where it is: what `GET …/runs/:id/explain` answers. */
export interface Explanation {
  readonly runId: string;
  readonly status: RunStatus;
  readonly reason?: ReasonView;
  readonly error?: RunError;
  /** In the order of the plan, a job before its steps. What succeeded at the first try is left out. */
  readonly nodes: readonly ExplainedNode[];
}

export interface ExplainedNode {
  readonly job: string;
  /** Absent: it is about the job. */
  readonly step?: string;
  readonly status: JobStatus | StepStatus;
  readonly attempt: number;
  /** The rule, the values that decided, and when it ends by itself. */
  readonly reason?: ReasonView;
  readonly error?: RunError;
  /** What is missing for it to go on; absent when it is over. */
  readonly missing?: Missing;
}

/** One sentence for people, and the same as data. */
export type Missing =
  | { readonly kind: 'jobs'; readonly message: string; readonly jobs: readonly string[] }
  | { readonly kind: 'lock'; readonly message: string; readonly group: string; readonly heldBy: LockOwnerView; readonly ahead: number }
  | { readonly kind: 'time'; readonly message: string; readonly dueAt: string }
  | { readonly kind: 'approval'; readonly message: string; readonly approvers: readonly string[] | null; readonly expiresAt: string | null }
  | { readonly kind: 'signal'; readonly message: string; readonly name: string | null; readonly expiresAt: string | null }
  | { readonly kind: 'child'; readonly message: string; readonly runId: string }
  | { readonly kind: 'slot'; readonly message: string }
  | { readonly kind: 'worker'; readonly message: string };

export interface LockOwnerView {
  readonly runId: string;
  /** `null`: the run as a whole. */
  readonly job: string | null;
}
