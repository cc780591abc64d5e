import type { PluginStorage } from '@kb-labs/contracts';
import type { Llm } from '@kb-labs/ports';

/** What steps are offered beside files, programs and requests. What is absent is not there for any step. */
export interface StepServices {
  readonly llm?: Llm;
  readonly storage?: (owner: StorageOwner) => PluginStorage;
}

/** Who keeps something. No two owners share a key. */
export interface StorageOwner {
  readonly tenant: string;
  readonly plugin: string;
  /** What it may keep in all, by a quota of its step; beyond it `QUOTA_EXCEEDED`. */
  readonly quotaBytes?: number;
}
