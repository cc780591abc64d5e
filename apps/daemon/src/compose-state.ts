import type { EngineDeps } from '@kb-labs/engine';
import type { Blobs } from '@kb-labs/ports';
import { openEmbeddedStore } from '@kb-labs/store-embedded';

import { fileCallbacks } from './callbacks.js';
import { checkEmbeddedState } from './check-state.js';
import { composeArtifacts } from './compose-artifacts.js';
import type { Config } from './config.js';
import type { State } from './state.js';
import { makeStateFolder } from './state-folder.js';

type StateDeps = Pick<EngineDeps, 'clock' | 'ids' | 'logger'>;

/** Where runs and their artifacts are kept, by the settings: this is the only place that knows which store there is. */
export async function composeState(config: Config, deps: StateDeps): Promise<State> {
  const artifacts = config.artifacts.store === 'redis' ? undefined : await composeArtifacts(config.artifacts);
  const state = await composeRuns(config, deps, artifacts?.blobs);
  if (artifacts === undefined) return state;
  return {
    ...state,
    async close() {
      await state.close();
      await artifacts.close();
    },
  };
}

async function composeRuns(config: Config, deps: StateDeps, blobs: Blobs | undefined): Promise<State> {
  if (config.redis === undefined) {
    if (blobs === undefined) throw new Error('artifacts cannot be in a server that holds no runs');
    return composeEmbeddedState(config, deps, blobs);
  }
  // Its client is loaded for this alone.
  const { composeRedisState } = await import('./redis-state.js');
  return composeRedisState(config.redis, { logger: deps.logger, baseUrl: config.url, ...(blobs === undefined ? {} : { blobs }) });
}

async function composeEmbeddedState(config: Config, { clock, ids, logger }: StateDeps, blobs: Blobs): Promise<State> {
  const store = await openEmbeddedStore({ dir: config.stateDir, clock, logger });
  makeStateFolder(config.stateDir);
  const { log, catalog, queue, claims, logs, records, rateLimits, retention } = store;
  const callbacks = fileCallbacks({ dir: config.stateDir, baseUrl: config.url });
  return {
    ports: { log, catalog, queue, claims, logs, callbacks, blobs, records, rateLimits, retention },
    check: checkEmbeddedState({ dir: config.stateDir, queue, ids }),
    close: () => store.close(),
  };
}
