import { availableParallelism } from 'node:os';

import type { JsonObject, Tier } from '@kb-labs/contracts';
import type { TriggerSettings } from '@kb-labs/engine';
import type { ExecutionSettings } from '@kb-labs/plugin-host';
import type { LlmSettings } from '@kb-labs/llm';

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
  /** How long a worker can be silent before others take its jobs over. */
  readonly leaseMs: number;
  readonly logLevel: EngineLogLevel;
  readonly stateDir: string;
  /** Present: runs are kept in Redis, and `stateDir` holds what belongs to this machine alone. */
  readonly redis?: ConfiguredRedis;
  readonly artifacts: ConfiguredArtifacts;
  readonly limits: ConfiguredLimits;
  readonly tiers: ConfiguredTiers;
  /** Names that the gateway answers to, besides those of this machine. */
  readonly allowedHosts: readonly string[];
  /** Where steps run. */
  readonly execution: ExecutionSettings;
  /** The language model of this installation; absent when none is named. */
  readonly llm?: LlmSettings;
  readonly triggers: TriggerSettings;
  /** Where this installation is reached, without a slash at the end. */
  readonly url: string;
  /** Where each setting came from, by its key in the file. */
  readonly origins: Readonly<Record<SettingKey, SettingOrigin>>;
}

export interface ConfiguredRedis {
  /** `redis://` or `rediss://`. It can hold a password: it is for connecting, not for showing. */
  readonly url: string;
  /** What all keys begin with. */
  readonly prefix: string;
  /** Opens a server that can forget what it acknowledged. */
  readonly allowVolatile: boolean;
}

/** Where the bytes of artifacts are kept. */
export type ConfiguredArtifacts =
  | { readonly store: 'file'; /** Absolute. */ readonly dir: string }
  /** In the server that `redis` names. */
  | { readonly store: 'redis' }
  | ({ readonly store: 's3' } & ConfiguredBucket);

export interface ConfiguredBucket {
  readonly bucket: string;
  readonly region: string;
  /** The one of AWS for the region when absent. */
  readonly endpoint?: string;
  readonly prefix?: string;
  readonly forcePathStyle: boolean;
  /** For connecting, not for showing. When absent, they are looked for where the tools of AWS do. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface ConfiguredLimits {
  /** Combinations of one matrix. */
  readonly matrixCombinations: number;
  /** Jobs that run at once, of all runs; as many as the workers take when left out. */
  readonly runningJobs?: number;
  /** Of one tenant, by the tier of those that are not named. */
  readonly runningJobsPerTenant?: number;
  /** Of tenants with a tier of their own that allows another number. */
  readonly runningJobsOfTenant?: Readonly<Record<string, number>>;
}

/** What each tenant may use. */
export interface ConfiguredTiers {
  /** Of the tiers there are. */
  readonly names: readonly string[];
  readonly ofTenant: ReadonlyMap<string, NamedTier>;
  /** Of tenants that are not named. */
  readonly ofOthers: NamedTier;
}

export interface NamedTier extends Tier {
  readonly name: string;
}

export const SETTING_KEYS = ['workflows', 'plugins', 'vars', 'concurrency', 'lease', 'log-level', 'state-dir', 'redis', 'artifacts', 'limits', 'tiers', 'tenants', 'default-tier', 'gateway', 'execution', 'llm', 'triggers', 'url'] as const;
export type SettingKey = (typeof SETTING_KEYS)[number];
export type SettingOrigin = 'default' | 'file' | 'KB_STATE_URL' | 'KB_LOG_LEVEL' | 'KB_URL';

export const DEFAULTS = { llmTimeout: '2m', llmMaxTokens: 8_192, lease: '30s', logLevel: 'warn', stateDir: '.kb/state', url: 'http://127.0.0.1:4000', s3Region: 'us-east-1' } as const;

/** The most that `concurrency` may be. */
export const MAX_CONCURRENCY = 256;
/** Most jobs wait for something other than a processor: a disk, a network, a program that waits itself. */
const JOBS_PER_PROCESSOR = 4;

/** Jobs at once where the settings do not say how many. */
export function defaultConcurrency(processors: number = availableParallelism()): number {
  return Math.min(JOBS_PER_PROCESSOR * processors, MAX_CONCURRENCY);
}

export const CONFIG_FILES = ['.kb/kb.config.yaml', '.kb/kb.config.yml', '.kb/kb.config.json'] as const;
