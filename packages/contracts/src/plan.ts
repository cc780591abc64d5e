import type { StepArtifact } from './artifact-schema.js';
import type { JsonObject } from './json.js';
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
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly continueOnError: boolean;
  readonly outputs: Readonly<Record<string, Template>>;
  readonly steps: readonly PlannedStep[];
}

export interface PlannedStep {
  /** As written, or `step-<n>` with n from 1. */
  readonly id: string;
  readonly name: string;
  readonly uses: Uses;
  readonly with: JsonObject;
  readonly if: string | null;
  readonly env: Readonly<Record<string, Template>>;
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
}
