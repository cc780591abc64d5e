import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { fileBlobs } from '@kb-labs/blobs';
import type { EngineDeps } from '@kb-labs/engine';
import { createPluginHost, workspaceFiles } from '@kb-labs/plugin-host';
import { openEmbeddedStore } from '@kb-labs/store-embedded';

import { checkSchema } from './check-schema.js';
import { fileCheckedDocuments } from './checked-documents.js';
import type { Config } from './config.js';
import { fileWorkflowSources } from './file-workflow-sources.js';
import { firstPartyPlugins } from './first-party-plugins.js';
import { lineLogger } from './line-logger.js';
import { systemClock } from './system-clock.js';
import { ulidIds } from './ulid-ids.js';

export interface ComposeOptions {
  /** The environment steps and plugins may be given a part of. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes the engine's own log, a line of JSON at a time. */
  readonly writeLog: (line: string) => void;
  /** Names the code that runs. With it, a document that was checked by the same code is not checked again. */
  readonly build?: string;
}

/** What reading, checking and planning need, and commands of plugins outside of a run: no state. */
export type OfflineDeps = Omit<EngineDeps, 'log' | 'catalog' | 'queue' | 'logs' | 'blobs'>;

export interface OfflineComposition {
  readonly config: Config;
  readonly deps: OfflineDeps;
}

export interface Composition {
  readonly config: Config;
  readonly deps: EngineDeps;
  /** Finishes what was asked to be written and lets go of the state. */
  close(): Promise<void>;
}

export function composeOffline(config: Config, options: ComposeOptions): OfflineComposition {
  const clock = systemClock;
  const logger = lineLogger(config.logLevel, options.writeLog, () => clock.now());
  return {
    config,
    deps: {
      plugins: createPluginHost({
        firstParty: firstPartyPlugins(),
        project: { root: config.projectRoot, plugins: config.pluginFolders },
        hostEnv: options.env,
        logger,
      }),
      workflows: fileWorkflowSources({ projectRoot: config.projectRoot, folders: config.workflowFolders }),
      files: workspaceFiles,
      clock,
      ids: ulidIds(clock),
      logger,
      random: Math.random,
      workspace: config.projectRoot,
      vars: config.vars,
      checkSchema,
    },
  };
}

/** The engine on the state in the project's own folder. Several processes can have it open at once. */
export async function composeEmbedded(config: Config, options: ComposeOptions): Promise<Composition> {
  const { deps } = composeOffline(config, options);
  const store = await openEmbeddedStore({ dir: config.stateDir, clock: deps.clock, logger: deps.logger });
  keepOutOfGit(config.stateDir);
  return {
    config,
    deps: {
      ...deps,
      log: store.log,
      catalog: store.catalog,
      queue: store.queue,
      logs: store.logs,
      blobs: fileBlobs({ dir: join(config.stateDir, 'blobs') }),
      ...(options.build === undefined ? {} : { checked: fileCheckedDocuments({ dir: join(config.stateDir, 'checked'), build: options.build }) }),
    },
    close: () => store.close(),
  };
}

/** Runs are no part of a repository, and nobody should have to say so. */
function keepOutOfGit(stateDir: string): void {
  const path = join(stateDir, '.gitignore');
  if (!existsSync(path)) writeFileSync(path, '*\n');
}
