import { join } from 'node:path';

import { fileBlobs } from '@kb-labs/blobs';
import type { EngineDeps } from '@kb-labs/engine';
import { openEmbeddedStore } from '@kb-labs/store-embedded';

import { fileCallbacks } from './callbacks.js';
import { checkEmbeddedState } from './check-state.js';
import type { Config } from './config.js';
import type { State } from './state.js';
import { makeStateFolder } from './state-folder.js';

type StateDeps = Pick<EngineDeps, 'clock' | 'ids' | 'logger'>;

/** Where runs are kept, by the settings: this is the only place that knows which store there is. */
export async function composeState(config: Config, deps: StateDeps): Promise<State> {
  if (config.redis === undefined) return composeEmbeddedState(config, deps);
  // Its client is loaded for this alone.
  const { composeRedisState } = await import('./redis-state.js');
  return composeRedisState(config.redis, { logger: deps.logger, baseUrl: config.url });
}

async function composeEmbeddedState(config: Config, { clock, ids, logger }: StateDeps): Promise<State> {
  const store = await openEmbeddedStore({ dir: config.stateDir, clock, logger });
  makeStateFolder(config.stateDir);
  const { log, catalog, queue, claims, logs } = store;
  const callbacks = fileCallbacks({ dir: config.stateDir, baseUrl: config.url });
  return {
    ports: { log, catalog, queue, claims, logs, callbacks, blobs: fileBlobs({ dir: join(config.stateDir, 'blobs') }) },
    check: checkEmbeddedState({ dir: config.stateDir, queue, ids }),
    close: () => store.close(),
  };
}
