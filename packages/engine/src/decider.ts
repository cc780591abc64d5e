import type { RunEvent, RunId, RunState } from '@kb-labs/contracts';
import type { AppendResult, Fence } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import type { RunDraft } from './run-draft.js';

export type DecideDeps = Pick<EngineDeps, 'log' | 'clock' | 'claims' | 'workflows' | 'limits'>;

/** What became of a decision: the state after it, or why it was refused. */
export type Decided =
  | { readonly ok: true; readonly state: RunState }
  | { readonly ok: false; readonly refused: Exclude<(AppendResult & { ok: false })['refused'], 'conflict'> };

/** Where decisions about runs are made, one after the other for each run. */
export interface Decider {
  /** Reads a run's state. It is shared and changes with the next decision: take what you need before you wait. */
  read<T>(runId: RunId, take: (state: RunState) => T): Promise<T>;
  /**
   * Makes a decision and appends it, again with the newer state when another process came first. `make` adds events to the
   * draft; adding none means that there is nothing to decide. Others that have to make way in a concurrency group are
   * cancelled before this resolves.
   */
  decide(runId: RunId, make: (draft: RunDraft) => void, fence?: Fence): Promise<Decided>;
  /**
   * The same for what a job of this process decides about itself. It may lack what jobs elsewhere have recorded meanwhile, and so needs no look at the
   * journal while this process alone decides about the run.
   */
  decideOwn(runId: RunId, make: (draft: RunDraft) => void, fence?: Fence): Promise<Decided>;
  /** Tells what a job of this process has recorded, once it is in the journal. */
  note(runId: RunId, recorded: readonly RunEvent[]): void;
}
