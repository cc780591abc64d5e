import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { DEFAULT_TENANT, type JsonValue, LIMITS, parseDuration } from '@kb-labs/contracts';
import { AppError, suggestName } from '@kb-labs/errors';

import { isBaseUrl } from './base-url.js';
import { readArtifacts } from './configured-artifacts.js';
import { type Config, CONFIG_FILES, type ConfiguredLimits, type ConfiguredTiers, type ConfiguredRedis, defaultConcurrency, DEFAULTS, type SettingOrigin } from './config.js';
import type { WrittenConfig } from './config-schema.js';
import { readExecution } from './configured-execution.js';
import { readLlm } from './configured-llm.js';
import { jobsByTenant, readTiers } from './configured-tiers.js';
import { type EngineLogLevel, LOG_LEVELS } from './line-logger.js';
import { isRedisUrl, shownUrl } from './redis-url.js';

export interface LoadConfig {
  /** Absolute. */
  readonly projectRoot: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The settings of a project: of the environment (`KB_STATE_URL`, `KB_LOG_LEVEL`, `KB_URL`, `KB_S3_…`), else of `.kb/kb.config.{yaml,yml,json}`,
 * else the defaults. Fails with `CONFIG_INVALID`, whose details hold the diagnostics of the file.
 */
export async function loadConfig({ projectRoot, env }: LoadConfig): Promise<Config> {
  const file = findFile(projectRoot);
  // Most projects have no file, and then neither the reader of documents nor its schemas are loaded for it.
  const written: WrittenConfig = file === undefined ? {} : await readFile(projectRoot, file);
  const redis = readRedis(env['KB_STATE_URL'], written.redis);
  const state = readState(redis.origin === 'KB_STATE_URL' ? undefined : env['KB_STATE_URL'], written['state-dir']);
  const artifacts = readArtifacts(written.artifacts, { projectRoot, env, stateDir: resolve(projectRoot, state.value), inRedis: redis.value !== undefined });
  const level = readLevel(env['KB_LOG_LEVEL'], written['log-level']);
  const url = readUrl(env['KB_URL'], written.url);
  const tiers = readTiers(written);
  const origin = (key: keyof WrittenConfig): SettingOrigin => (written[key] === undefined ? 'default' : 'file');
  const at = (path: string): string => resolve(projectRoot, path);
  return Object.freeze({
    projectRoot,
    ...(file === undefined ? {} : { file }),
    workflowFolders: Object.freeze([at('.kb/workflows'), ...(written.workflows ?? []).map(at)]),
    pluginFolders: Object.freeze((written.plugins ?? []).map(at)),
    vars: Object.freeze(written.vars ?? {}),
    concurrency: written.concurrency ?? defaultConcurrency(),
    leaseMs: parseDuration(written.lease ?? DEFAULTS.lease) ?? 0,
    logLevel: level.value,
    stateDir: at(state.value),
    ...(redis.value === undefined ? {} : { redis: Object.freeze(redis.value) }),
    artifacts: Object.freeze(artifacts),
    limits: Object.freeze(toLimits(written.limits, tiers)),
    tiers: Object.freeze(tiers),
    allowedHosts: Object.freeze(written.gateway?.['allowed-hosts'] ?? []),
    execution: Object.freeze(readExecution(written.execution)),
    ...(written.llm === undefined ? {} : { llm: readLlm(written.llm) }),
    triggers: Object.freeze(toTriggers(written.triggers)),
    url: url.value.replace(/\/+$/, ''),
    origins: Object.freeze({
      workflows: origin('workflows'),
      plugins: origin('plugins'),
      vars: origin('vars'),
      concurrency: origin('concurrency'),
      lease: origin('lease'),
      'log-level': level.origin,
      'state-dir': state.origin,
      redis: redis.origin,
      artifacts: origin('artifacts'),
      limits: origin('limits'),
      tiers: origin('tiers'),
      tenants: origin('tenants'),
      'default-tier': origin('default-tier'),
      gateway: origin('gateway'),
      execution: origin('execution'),
      llm: origin('llm'),
      triggers: origin('triggers'),
      url: url.origin,
    }),
  });
}

/** Two files would leave open which one counts. */
function findFile(projectRoot: string): string | undefined {
  const found = CONFIG_FILES.filter((file) => existsSync(join(projectRoot, file)));
  if (found.length > 1) throw new AppError('CONFIG_INVALID', { problem: `there are ${found.join(' and ')}` }, { hint: 'keep one of them' });
  return found[0];
}

async function readFile(projectRoot: string, file: string): Promise<WrittenConfig> {
  const text = readText(join(projectRoot, file), file);
  // Nothing but comments is a file that sets nothing.
  if (text.split('\n').every((line) => /^\s*(#.*)?$/.test(line))) return {};
  const [{ readSettings }, { configSchema }] = await Promise.all([import('@kb-labs/manifest'), import('./config-schema.js')]);
  const read = readSettings({ text, file }, configSchema, 'settings such as "workflows" and "concurrency"');
  if (read.ok) return read.value;
  const [first] = read.diagnostics;
  const problem = first === undefined ? file : `${first.file}:${String(first.line)}:${String(first.column)} ${first.message}`;
  throw new AppError('CONFIG_INVALID', { problem, diagnostics: read.diagnostics.map((one): JsonValue => ({ ...one })) }, first?.hint === undefined ? {} : { hint: first.hint });
}

function readText(path: string, file: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError('CONFIG_INVALID', { problem: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}` });
  }
}

interface Chosen<T> {
  readonly value: T;
  readonly origin: SettingOrigin;
}

/** An address in the environment wins; `file:` there says that the state is in a folder, whatever the file says. */
function readRedis(url: string | undefined, written: WrittenConfig['redis']): Chosen<ConfiguredRedis | undefined> {
  const given = url === undefined || url === '' ? undefined : url;
  const ofEnvironment = given !== undefined && /^rediss?:/.test(given);
  if (ofEnvironment && !isRedisUrl(given)) {
    throw new AppError('CONFIG_INVALID', { problem: `KB_STATE_URL "${shownUrl(given)}" names no server` }, { hint: 'write redis://HOST:PORT, and % in a password as %25' });
  }
  const chosen = ofEnvironment ? given : given === undefined ? written?.url : undefined;
  const origin = ofEnvironment ? 'KB_STATE_URL' : written === undefined ? 'default' : 'file';
  if (chosen === undefined) return { value: undefined, origin };
  return { value: { url: chosen, prefix: written?.prefix ?? 'kb', allowVolatile: written?.['allow-volatile'] ?? false }, origin };
}

function readState(url: string | undefined, written: string | undefined): Chosen<string> {
  if (url === undefined || url === '') return { value: written ?? DEFAULTS.stateDir, origin: written === undefined ? 'default' : 'file' };
  if (!url.startsWith('file:') || url === 'file:') {
    throw new AppError('CONFIG_INVALID', { problem: `KB_STATE_URL cannot be "${shownUrl(url)}"` }, { hint: 'write file:DIR, or redis://HOST:PORT' });
  }
  const value = url.startsWith('file://') ? fileUrlPath(url) : url.slice('file:'.length);
  return { value, origin: 'KB_STATE_URL' };
}

function fileUrlPath(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new AppError('CONFIG_INVALID', { problem: `KB_STATE_URL "${url}" names no folder: ${error instanceof Error ? error.message : String(error)}` });
  }
}

function readLevel(level: string | undefined, written: EngineLogLevel | undefined): Chosen<EngineLogLevel> {
  if (level === undefined || level === '') return { value: written ?? DEFAULTS.logLevel, origin: written === undefined ? 'default' : 'file' };
  const known = LOG_LEVELS.find((one) => one === level);
  if (known !== undefined) return { value: known, origin: 'KB_LOG_LEVEL' };
  const hint = suggestName(level, LOG_LEVELS);
  throw new AppError('CONFIG_INVALID', { problem: `KB_LOG_LEVEL cannot be "${level}"` }, hint === undefined ? {} : { hint });
}

function readUrl(url: string | undefined, written: string | undefined): Chosen<string> {
  if (url === undefined || url === '') return { value: written ?? DEFAULTS.url, origin: written === undefined ? 'default' : 'file' };
  if (!isBaseUrl(url)) throw new AppError('CONFIG_INVALID', { problem: `KB_URL cannot be "${shownUrl(url)}"` }, { hint: 'write an address such as https://kb.example.com, without a query' });
  return { value: url, origin: 'KB_URL' };
}

function toLimits(written: WrittenConfig['limits'], tiers: ConfiguredTiers): ConfiguredLimits {
  const total = written?.['running-jobs'];
  const { others, named } = jobsByTenant(tiers, written?.['running-jobs-per-tenant']);
  return {
    matrixCombinations: written?.matrix ?? LIMITS.matrixCombinations,
    ...(total === undefined ? {} : { runningJobs: total }),
    ...(others === undefined ? {} : { runningJobsPerTenant: others }),
    ...(named === undefined ? {} : { runningJobsOfTenant: named }),
  };
}

function toTriggers(written: WrittenConfig['triggers']): Config['triggers'] {
  const { tenant = DEFAULT_TENANT, repository } = written ?? {};
  return { tenant, ...(repository === undefined ? {} : { repository: { source: repository.source, secrets: [repository.secret].flat() } }) };
}
