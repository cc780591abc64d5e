import type { ArtifactType } from './artifact.js';
import type { ImageUsed, Isolation } from './execution-target.js';
import type { JsonObject, JsonValue } from './json.js';
import type { RunError } from './run-error.js';
import type { Hook } from './plan.js';
import type { JobStatus, RunStatus, StepStatus } from './status.js';
import type { Trigger } from './trigger.js';

/** A run as `GET …/runs/:id` and `--json` show it. Times are ISO 8601 in UTC; what has not happened yet is `null`. */
export interface RunView {
  readonly id: string;
  readonly workflowId: string;
  readonly workflowVersion: string | null;
  readonly status: RunStatus;
  readonly reason?: ReasonView;
  readonly trigger: Trigger;
  readonly input: JsonObject;
  readonly outputs: JsonObject;
  readonly error?: RunError;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  /** The run that called this one or whose end started it. */
  readonly parent?: { readonly id: string; readonly workflowId: string; readonly job: string | null; readonly step: string | null };
  /** The run whose plan and results this one started from. */
  readonly rerunOf?: string;
  /** For display: the phases of its steps, with the state of the furthest of them. */
  readonly phases?: readonly { readonly id: string; readonly label: string; readonly status: StepStatus }[];
  readonly jobs: readonly JobView[];
  readonly artifacts: readonly ArtifactView[];
}

/** `Reason` with its instant written out. */
export interface ReasonView {
  readonly rule: string;
  readonly message: string;
  readonly expression?: string;
  readonly values?: Readonly<Record<string, JsonValue>>;
  readonly dueAt?: string;
}

export interface JobView {
  /** `<run>.<key>`. */
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly needs: readonly string[];
  /** Of a combination: its values. */
  readonly matrix?: JsonObject;
  /** Of a combination: the key of its job, which stands before its combinations. */
  readonly combinationOf?: string;
  readonly status: JobStatus;
  readonly reason?: ReasonView;
  readonly attempt: number;
  readonly outputs: JsonObject;
  readonly error?: RunError;
  /** The earlier run whose result this is. */
  readonly keptFrom?: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly steps: readonly StepView[];
}

export interface StepView {
  readonly id: string;
  readonly name: string;
  readonly uses: string;
  readonly status: StepStatus;
  readonly reason?: ReasonView;
  readonly attempt: number;
  readonly outputs: JsonObject;
  readonly error?: RunError;
  readonly isolation: Isolation | null;
  /** Of a step in a container. */
  readonly image?: ImageUsed;
  readonly phase?: string;
  readonly hook?: Hook;
  /** From 1; absent while no gate has sent the job back. */
  readonly iteration?: number;
  /** The run it called. */
  readonly childRunId?: string;
  readonly keptFrom?: string;
  /** What it waits for from outside; present while it does. */
  readonly waitsFor?: WaitView;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

export type WaitView =
  | {
      readonly kind: 'approval';
      readonly title: string;
      readonly instructions: string | null;
      readonly context: JsonValue;
      readonly approvers: readonly string[] | null;
      /** Whoever started the run may not approve. */
      readonly preventSelfApproval?: true;
      readonly form: JsonObject | null;
      /** Sent back with the decision. */
      readonly subject: string;
      readonly expiresAt: string | null;
    }
  | { readonly kind: 'signal'; readonly name: string; readonly expiresAt: string | null }
  | { readonly kind: 'callback'; readonly expiresAt: string | null }
  | { readonly kind: 'child'; readonly runId: string; readonly expiresAt: string | null }
  | { readonly kind: 'timer'; readonly dueAt: string };

/** The document of a workflow as a run was started from it. */
export interface RunDocumentView {
  /** Where it was, relative to the project. */
  readonly file: string;
  readonly digest: string;
  readonly format: 'yaml' | 'json';
  readonly text: string;
}

export interface ArtifactView {
  readonly name: string;
  readonly type: ArtifactType;
  readonly label: string | null;
  readonly digest: string;
  readonly bytes: number;
  readonly job: string;
  /** `null`: made by the job of what its steps stored. */
  readonly step: string | null;
}

/** A run in a list: the columns a store keeps beside the journal, so that a list never folds one. */
export interface RunSummary {
  readonly id: string;
  readonly workflowId: string;
  readonly workflowVersion: string | null;
  readonly status: RunStatus;
  /** The run at the top of the tree this one belongs to; itself for most. Whoever serves that one serves this one. */
  readonly root: string;
  /** On whose account it runs. `default` where nobody tells tenants apart. */
  readonly tenant: string;
  readonly trigger: Pick<Trigger, 'type' | 'actor' | 'branch'>;
  readonly parent?: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** When retention took its log, or the bytes of its artifacts, away. */
  readonly logRemovedAt?: number;
  readonly artifactsRemovedAt?: number;
}

export interface RunSummaryView
  extends Omit<RunSummary, 'createdAt' | 'startedAt' | 'finishedAt' | 'logRemovedAt' | 'artifactsRemovedAt' | 'root' | 'tenant'> {
  readonly reason?: ReasonView;
  readonly logRemovedAt?: string;
  readonly artifactsRemovedAt?: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Pass it back to get the next page; absent on the last. */
  readonly nextCursor?: string;
}
