import type { RunId } from '@kb-labs/contracts';

/** Addresses that call a run back. Knowing one is the permission to use it. */
export interface Callbacks {
  urlOf(runId: RunId): string;
  /** The run behind the last part of such an address; `undefined` when it was not made here. */
  runOf(token: string): RunId | undefined;
}
