import type { RunId, RunSummary } from '@kb-labs/contracts';

/** Finds and removes what is kept longer, or in greater amount, than its tenant may. */
export interface Retention {
  /** Runs that have ended, those that ended first at the front (at one instant: by id), of one tenant. Looks at no journal. */
  endedRuns(query: EndedRunQuery): Promise<KeptRun[]>;
  /** The tenants that have runs, in order. */
  tenants(): Promise<string[]>;
  /** How much the runs of a tenant that have ended take up. */
  usage(tenant: string): Promise<KeptBytes>;
  /**
   * Removes parts of a run that has ended; `false` when it has not, or is not there. Removing what is gone changes nothing
   * but the instant in the run's summary. A process that dies in the middle leaves the rest to others.
   */
  remove(runId: RunId, parts: RemovedParts): Promise<boolean>;
  /** Digests that no run refers to any more, since before `before` (milliseconds since the epoch); at most `limit`. */
  unusedBlobs(query: { readonly before: number; readonly limit: number }): Promise<string[]>;
  /** Forgets digests whose bytes were removed, unless a run refers to them again: those are answered. */
  forgetBlobs(digests: readonly string[]): Promise<string[]>;
}

export interface EndedRunQuery {
  readonly tenant: string;
  /** Ended before, in milliseconds since the epoch. */
  readonly before?: number;
  /** Only those that have something of this part. */
  readonly with?: 'log' | 'artifacts';
  /** Only those behind this one, which need not be there any more. */
  readonly after?: Pick<KeptRun, 'endedAt'> & { readonly id: string };
  readonly limit: number;
}

export interface KeptRun {
  readonly summary: RunSummary;
  /** In milliseconds since the epoch: what they are listed by. */
  readonly endedAt: number;
  readonly bytes: KeptBytes;
}

/**
 * In bytes, as of the end of the run. `journal` is the size of its events as JSON; `log` that of its lines as a text file;
 * `artifacts` that of what it refers to, each digest once, whether or not other runs refer to it as well.
 */
export interface KeptBytes {
  readonly journal: number;
  readonly log: number;
  readonly artifacts: number;
}

/** `run`: everything, its tickets included, so that nothing but its idempotency key tells that it was there. */
export type RemovedParts = 'run' | 'log' | 'artifacts';
