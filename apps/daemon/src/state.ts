import type { EngineDeps } from '@kb-labs/engine';

/** What of the engine's ports is durable. */
export type StatePorts = Pick<EngineDeps, 'log' | 'catalog' | 'queue' | 'claims' | 'logs' | 'blobs' | 'callbacks' | 'records' | 'rateLimits' | 'retention'>;

export interface State {
  readonly ports: StatePorts;
  /** Fails with a `STATE_*` error unless the state can be read and written now. */
  check(): Promise<void>;
  close(): Promise<void>;
}
