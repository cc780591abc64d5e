import type { StepArtifact } from './artifact-schema.js';
import type { TargetMode } from './execution-target.js';
import type { FlowPins } from './flow.js';
import type { JsonObject, JsonValue } from './json.js';
import type { Permissions } from './permissions.js';
import type { RetryPolicy } from './retry.js';
import type { Uses } from './uses.js';

/** The version of the written → resolved arrow. Recorded on every run; raised when a plan changes its meaning. */
export const PLAN_SCHEMA = 1;

/** Text that may hold `${{ }}`, evaluated when the thing it belongs to starts. */
export type Template = string;

/** A workflow with its inputs, everything decided that can be decided before a run: what `run.started` carries. */
export interface RunPlan {
  readonly schema: typeof PLAN_SCHEMA;
  readonly workflow: {
    readonly id: string;
    readonly name: string;
    readonly version: string | null;
    /** Digest of the document as written. */
    readonly digest: string;
  };
  readonly inputs: JsonObject;
  /** Values of the project's configuration; expressions read them as `vars`. */
  readonly vars: JsonObject;
  readonly env: Readonly<Record<string, Template>>;
  readonly outputs: Readonly<Record<string, Template>>;
  /** Names of all secrets that steps of the run can be given. Absent: none. */
  readonly secrets?: readonly string[];
  /** How long the run may take from the start of its first job on, waits included. Absent: as long as its jobs. */
  readonly timeoutMs?: number;
  readonly concurrency?: PlannedConcurrency;
  /** For display, in the order they are written. */
  readonly phases?: readonly { readonly id: string; readonly label: string }[];
  /** Of a run in a flow: all that it, and what it calls, may run. Absent: whatever there is. */
  readonly pins?: FlowPins;
  /** In an order that has every job after its needs; jobs of equal rank stand as written. */
  readonly jobs: readonly PlannedJob[];
}

export interface PlannedJob {
  readonly key: string;
  readonly name: string;
  readonly needs: readonly string[];
  /** Expression without `${{ }}`. `null` stands for `success()`. */
  readonly if: string | null;
  readonly env: Readonly<Record<string, Template>>;
  /** What `env` of the job can read. Absent: none. */
  readonly secrets?: readonly string[];
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly continueOnError: boolean;
  readonly outputs: Readonly<Record<string, Template>>;
  /** Present: the job stands for its combinations, which are jobs of their own once it is ready. */
  readonly strategy?: PlannedStrategy;
  readonly concurrency?: PlannedConcurrency;
  /** Absent: normal. */
  readonly priority?: 'high' | 'low';
  readonly artifacts?: PlannedJobArtifacts;
  /** The steps of the hooks among them: `pre` first, then the job's own, then `on-success`, `on-failure`, `post`. */
  readonly steps: readonly PlannedStep[];
}

export interface PlannedStrategy {
  /** As written: axes with their values, `include`, `exclude`; any of them, or all, can be an expression. */
  readonly matrix: JsonValue;
  readonly failFast: boolean;
  /** Absent: all at once. */
  readonly maxParallel?: number;
}

/**
 * A group in which one at a time goes on; the others wait in the order they came. `cancelInProgress` cancels those that came
 * before; `queue: latest` cancels those that came before and have not started.
 */
export interface PlannedConcurrency {
  readonly group: Template;
  readonly cancelInProgress: boolean;
  readonly queue: 'all' | 'latest';
}

/** Artifact names. A name stands for the artifact of that name and for all below it, `dist` for `dist/app.js`. */
export interface PlannedJobArtifacts {
  readonly produce: readonly string[];
  readonly consume: readonly string[];
  readonly merge?: {
    readonly strategy: 'append' | 'overwrite' | 'json-merge';
    /** `run` is a run id when evaluated; absent: this run. `job` absent: all jobs. */
    readonly from: readonly { readonly run?: Template; readonly job?: string }[];
  };
}

export const HOOKS = ['pre', 'on-success', 'on-failure', 'post'] as const;
export type Hook = (typeof HOOKS)[number];

export interface PlannedStep {
  /** As written, or `step-<n>` with n from 1; in a hook `<hook>-<n>`. */
  readonly id: string;
  readonly name: string;
  readonly uses: Uses;
  readonly with: JsonObject;
  readonly if: string | null;
  readonly env: Readonly<Record<string, Template>>;
  /** What the step can be given, by the narrowest of the lists around it. Absent: none. */
  readonly secrets?: readonly string[];
  /** `null`: the job's limit is the only one. */
  readonly timeoutMs: number | null;
  readonly retry: RetryPolicy;
  readonly continueOnError: boolean;
  readonly onInterrupt: 'retry' | 'fail';
  /** Re-maps what the handler returned. Empty: its result is the outputs. */
  readonly outputs: Readonly<Record<string, Template>>;
  readonly artifacts: Readonly<Record<string, StepArtifact>>;
  /** The workflow's and the job's grants together; a kind that neither names is `undefined`: not narrowed. */
  readonly permissions: Permissions;
  /** Absent: one of the job's own steps. */
  readonly hook?: Hook;
  readonly phase?: string;
  /** Of `workflow://` steps: the run is started and not waited for. */
  readonly detach?: true;
  /** Where it is to run, by the narrowest of the targets around it. Absent: where the installation has it run. */
  readonly target?: PlannedTarget;
}

/** One whole target: those further out add nothing to it. */
export interface PlannedTarget {
  readonly mode: TargetMode;
  /** Of a container. Absent: the configured one. */
  readonly image?: Template;
  /** Of a subprocess. Absent: as the installation has it. */
  readonly sandbox?: boolean;
  readonly memoryBytes?: number;
  readonly cpus?: number;
  readonly pids?: number;
}
