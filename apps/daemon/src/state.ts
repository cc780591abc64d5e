import type { EngineDeps } from '@kb-labs/engine';
import type { Clock } from '@kb-labs/ports';

/** What of the engine's ports is durable. */
export type StatePorts = Pick<EngineDeps, 'log' | 'catalog' | 'queue' | 'claims' | 'logs' | 'blobs' | 'callbacks' | 'records' | 'rateLimits' | 'retention'>;

export interface State {
  readonly ports: StatePorts;
  /** The time its due times and leases go by, where that is not the machine's own. */
  readonly clock?: Clock;
  /** Fails with a `STATE_*` error unless the state can be read and written now. */
  check(): Promise<void>;
  close(): Promise<void>;
}
