import type { ArtifactHandle } from './artifact.js';
import type { RunId } from './ids.js';
import type { JsonObject } from './json.js';

/** Where a run took its plan from, and what it may keep of the earlier run's results. Part of `run.started`. */
export interface Rerun {
  readonly of: RunId;
  /** `all`: everything again; `failed`: from what did not succeed; `from`: from one step on. */
  readonly mode: 'all' | 'failed' | 'from';
  readonly from?: { readonly job: string; readonly step: string };
  /** Keys of the plan's jobs whose steps can change files of the workspace: after them nothing that reads files is kept. */
  readonly changesFiles: readonly string[];
  /** By job key. What is not here runs again. */
  readonly earlier: Readonly<Record<string, EarlierJob>>;
}

export interface EarlierJob {
  /** Of a combination of a matrix. */
  readonly matrix?: JsonObject;
  /** The whole job succeeded; absent when it has to run again, at least from one of its steps on. */
  readonly ended?: { readonly outputs: JsonObject; readonly artifacts: readonly ArtifactHandle[] };
  /** What the job read of those it needs, as a digest. */
  readonly needs: string;
  /** The steps that can be kept, from the first on without a gap. */
  readonly steps: readonly EarlierStep[];
}

export interface EarlierStep {
  readonly id: string;
  readonly status: 'success' | 'skipped';
  readonly outputs: JsonObject;
  readonly artifacts: readonly ArtifactHandle[];
  /** Digest of the evaluated inputs; `null` when they cannot be compared: the step runs again. */
  readonly inputs: string | null;
  /** Of an approval: digest of what was approved. */
  readonly subject?: string;
}

/** A result that was taken over from an earlier run, and why that was right. */
export interface Kept {
  readonly run: RunId;
  readonly why: string;
}
