import { join } from 'node:path';

import { Beginners, type EngineDeps } from '@kb-labs/engine';
import { createPluginHost, workspaceFiles } from '@kb-labs/plugin-host';
import type { Logger, Records } from '@kb-labs/ports';

import { checkSchema } from './check-schema.js';
import { fileCheckedDocuments } from './checked-documents.js';
import { composeLlm } from './compose-llm.js';
import { composeState } from './compose-state.js';
import type { Config } from './config.js';
import { fileWorkflowSources } from './file-workflow-sources.js';
import { firstPartyPlugins } from './first-party-plugins.js';
import { lineLogger } from './line-logger.js';
import { pluginStorage } from './plugin-storage.js';
import { projectSecrets } from './secrets/project-secrets.js';
import type { StatePorts } from './state.js';
import { systemClock } from './system-clock.js';
import { ulidIds } from './ulid-ids.js';

export type ComposeOptions = Surroundings & (
  | {
      /** Takes the engine's own log, a line of JSON at a time. */
      readonly writeLog: (line: string) => void;
    }
  | { readonly logger: Logger }
);

interface Surroundings {
  /** The environment steps and plugins may be given a part of. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names the code that runs. With it, a document that was checked by the same code is not checked again. */
  readonly build?: string;
}

/** What reading, checking and planning need, and commands of plugins outside of a run: no state. */
export type OfflineDeps = Omit<EngineDeps, keyof StatePorts>;

export interface OfflineComposition {
  readonly config: Config;
  readonly deps: OfflineDeps;
}

export interface Composition {
  readonly config: Config;
  readonly deps: EngineDeps;
  /** Fails with a `STATE_*` error unless the state can be read and written now. */
  check(): Promise<void>;
  /** Finishes what was asked to be written and lets go of the state. */
  close(): Promise<void>;
}

export function composeOffline(config: Config, options: ComposeOptions): OfflineComposition {
  return { config, deps: composeDeps(config, options) };
}

/** `keeper` is asked for when the first step keeps something. */
function composeDeps(config: Config, options: ComposeOptions, keeper?: () => Records): OfflineDeps {
  const clock = systemClock;
  const logger = 'logger' in options ? options.logger : lineLogger(config.logLevel, options.writeLog, () => clock.now());
  const secrets = projectSecrets({ projectRoot: config.projectRoot, env: options.env, clock });
  return {
    secrets,
    plugins: createPluginHost({
      firstParty: firstPartyPlugins(),
      project: { root: config.projectRoot, plugins: config.pluginFolders },
      hostEnv: options.env,
      execution: { ...config.execution, hidden: [config.stateDir, ...(config.artifacts.store === 'file' ? [config.artifacts.dir] : [])] },
      logger,
      services: {
        ...(config.llm === undefined ? {} : { llm: composeLlm(config.llm, { secrets, clock }) }),
        ...(keeper === undefined ? {} : { storage: pluginStorage(keeper) }),
      },
    }),
    services: [...(config.llm === undefined ? [] : ['llm']), ...(keeper === undefined ? [] : ['storage'])],
    workflows: fileWorkflowSources({ projectRoot: config.projectRoot, folders: config.workflowFolders, clock }),
    files: workspaceFiles,
    clock,
    ids: ulidIds(clock),
    logger,
    random: Math.random,
    workspace: config.projectRoot,
    vars: config.vars,
    checkSchema,
    limits: config.limits,
    triggers: config.triggers,
  };
}

/** The whole engine of a project. Several processes can have the same state open at once. */
export async function composeEngine(config: Config, options: ComposeOptions): Promise<Composition> {
  const opened: { records?: Records } = {};
  const deps = composeDeps(config, options, () => {
    if (opened.records === undefined) throw new Error('a step runs before the state is open');
    return opened.records;
  });
  const state = await composeState(config, deps);
  opened.records = state.ports.records;
  return {
    config,
    deps: {
      ...deps,
      ...state.ports,
      beginners: new Beginners(),
      ...(state.clock === undefined ? {} : { clock: state.clock }),
      ...(options.build === undefined ? {} : { checked: fileCheckedDocuments({ dir: join(config.stateDir, 'checked'), build: options.build }) }),
    },
    check: () => state.check(),
    close: async () => {
      await deps.plugins.close();
      await state.close();
    },
  };
}
