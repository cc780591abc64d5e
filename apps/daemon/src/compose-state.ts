import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { fileBlobs } from '@kb-labs/blobs';
import type { EngineDeps } from '@kb-labs/engine';
import { openEmbeddedStore } from '@kb-labs/store-embedded';

import { checkEmbeddedState } from './check-state.js';
import type { Config } from './config.js';

export type StatePorts = Pick<EngineDeps, 'log' | 'catalog' | 'queue' | 'claims' | 'logs' | 'blobs'>;

export interface State {
  readonly ports: StatePorts;
  /** Fails with a `STATE_*` error unless the state can be read and written now. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Where runs are kept, by the settings: this is the only place that knows which store there is. */
export async function composeState(config: Config, { clock, ids, logger }: Pick<EngineDeps, 'clock' | 'ids' | 'logger'>): Promise<State> {
  const store = await openEmbeddedStore({ dir: config.stateDir, clock, logger });
  keepOutOfGit(config.stateDir);
  const { log, catalog, queue, claims, logs } = store;
  return {
    ports: { log, catalog, queue, claims, logs, blobs: fileBlobs({ dir: join(config.stateDir, 'blobs') }) },
    check: checkEmbeddedState({ dir: config.stateDir, queue, ids }),
    close: () => store.close(),
  };
}

/** Runs are no part of a repository, and nobody should have to say so. */
function keepOutOfGit(stateDir: string): void {
  const path = join(stateDir, '.gitignore');
  if (!existsSync(path)) writeFileSync(path, '*\n');
}
