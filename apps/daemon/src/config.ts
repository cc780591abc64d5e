import type { JsonObject } from '@kb-labs/contracts';

import type { EngineLogLevel } from './line-logger.js';

/** The settings of a project, everything decided, frozen. Paths are absolute. */
export interface Config {
  readonly projectRoot: string;
  /** The file the settings came from, relative to the project; absent when there is none. */
  readonly file?: string;
  readonly workflowFolders: readonly string[];
  /** Folders of plugins that belong to the project. */
  readonly pluginFolders: readonly string[];
  /** What expressions read as `vars`. */
  readonly vars: JsonObject;
  /** Jobs at once in one worker. */
  readonly concurrency: number;
  readonly logLevel: EngineLogLevel;
  readonly stateDir: string;
  /** Where each setting came from, by its key in the file. */
  readonly origins: Readonly<Record<SettingKey, SettingOrigin>>;
}

export const SETTING_KEYS = ['workflows', 'plugins', 'vars', 'concurrency', 'log-level', 'state-dir'] as const;
export type SettingKey = (typeof SETTING_KEYS)[number];
export type SettingOrigin = 'default' | 'file' | 'KB_STATE_URL' | 'KB_LOG_LEVEL';

export const DEFAULTS = { concurrency: 4, logLevel: 'warn', stateDir: '.kb/state' } as const;
export const CONFIG_FILES = ['.kb/kb.config.yaml', '.kb/kb.config.yml', '.kb/kb.config.json'] as const;
