import type { ArtifactType } from './artifact.js';
import type { Isolation } from './event.js';
import type { JsonObject, JsonValue } from './json.js';
import type { RunError } from './run-error.js';
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
  readonly status: JobStatus;
  readonly reason?: ReasonView;
  readonly attempt: number;
  readonly outputs: JsonObject;
  readonly error?: RunError;
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
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

export interface ArtifactView {
  readonly name: string;
  readonly type: ArtifactType;
  readonly label: string | null;
  readonly digest: string;
  readonly bytes: number;
  readonly job: string;
  readonly step: string;
}

/** A run in a list: the columns a store keeps beside the journal, so that a list never folds one. */
export interface RunSummary {
  readonly id: string;
  readonly workflowId: string;
  readonly workflowVersion: string | null;
  readonly status: RunStatus;
  readonly trigger: Pick<Trigger, 'type' | 'actor' | 'branch'>;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

export interface RunSummaryView extends Omit<RunSummary, 'createdAt' | 'startedAt' | 'finishedAt'> {
  readonly reason?: ReasonView;
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
