import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { formatDuration } from '@kb-labs/contracts';
import { type Config, type OfflineComposition, SETTING_KEYS, type SettingKey, shownUrl } from '@kb-labs/daemon';
import { validateWorkflows } from '@kb-labs/engine';
import { fromUnknown } from '@kb-labs/errors';
import { readPluginsLock } from '@kb-labs/plugin-host/lifecycle';

import { countDiagnostics, plural } from '../render/diagnostics.js';
import { sanitizeText } from '../terminal/sanitize.js';
import { type Check, fail, ok, warn } from './check.js';

/** The settings in effect, each with where it comes from. */
export function checkSettings(config: Config): Check[] {
  return [
    ok('project', config.projectRoot),
    ok('settings', config.file ?? 'no file: all defaults'),
    ...SETTING_KEYS.map((key) => ok(`  ${key}`, `${sanitizeText(valueOf(config, key))}  (${config.origins[key]})`)),
  ];
}

function valueOf(config: Config, key: SettingKey): string {
  switch (key) {
    case 'workflows':
      return config.workflowFolders.join(', ');
    case 'plugins':
      return config.pluginFolders.length === 0 ? 'none' : config.pluginFolders.join(', ');
    case 'vars':
      return JSON.stringify(config.vars);
    case 'concurrency':
      return String(config.concurrency);
    case 'lease':
      return formatDuration(config.leaseMs);
    case 'log-level':
      return config.logLevel;
    case 'state-dir':
      return config.stateDir;
    case 'redis':
      return config.redis === undefined ? 'not used' : `${shownUrl(config.redis.url)} (keys ${config.redis.prefix}:…)${config.redis.allowVolatile ? ', may be volatile' : ''}`;
    case 'artifacts':
      return placeOfArtifacts(config.artifacts);
    case 'limits': {
      const { matrixCombinations, runningJobs, runningJobsPerTenant, runningJobsOfTenant = {} } = config.limits;
      const jobs = runningJobs === undefined ? [] : [`${String(runningJobs)} jobs at once`];
      const perTenant = runningJobsPerTenant === undefined ? [] : [`${String(runningJobsPerTenant)} of a tenant`];
      const named = Object.entries(runningJobsOfTenant).map(([tenant, jobs]) => `${jobs === Number.MAX_SAFE_INTEGER ? 'no bound' : String(jobs)} of ${tenant}`);
      return [`${String(matrixCombinations)} combinations`, ...jobs, ...perTenant, ...named].join(', ');
    }
    case 'tiers':
      return config.tiers.names.join(', ');
    case 'tenants':
      return config.tiers.ofTenant.size === 0 ? 'none named' : [...config.tiers.ofTenant].map(([tenant, { name }]) => `${tenant}: ${name}`).join(', ');
    case 'default-tier':
      return config.tiers.ofOthers.name;
    case 'gateway':
      return config.allowedHosts.length === 0 ? 'answers to this machine' : `answers to this machine and ${config.allowedHosts.join(', ')}`;
    case 'execution':
      return describeExecution(config.execution);
    case 'llm':
      return modelOf(config.llm);
    case 'triggers': {
      const { tenant, repository } = config.triggers;
      return `runs of the tenant ${tenant}${repository === undefined ? '' : `, repository at ${repository.source} (${repository.secrets.join(', ')})`}`;
    }
    case 'url':
      return config.url;
  }
}

function describeExecution({ target, minIsolation, pool = {}, container = {} }: Config['execution']): string {
  const set = [
    ...(target === undefined ? [] : [`commands of plugins: ${target.mode}${target.image === undefined ? '' : ` ${target.image}`}`]),
    ...(minIsolation === undefined ? [] : [`at least ${minIsolation}`]),
    ...(Object.keys(pool).length === 0 ? [] : [`pool ${JSON.stringify(pool)}`]),
    ...(Object.keys(container).length === 0 ? [] : [`containers ${JSON.stringify(container)}`]),
  ];
  return set.length === 0 ? 'trusted plugins in the worker, others in subprocesses' : set.join(', ');
}

function modelOf(llm: Config['llm']): string {
  if (llm === undefined) return 'none';
  const { provider, model, url, secret = 'LLM_API_KEY', embeddings } = llm;
  return [`${model} by ${provider}${url === undefined ? '' : ` at ${url}`}, key in the secret ${secret}`, ...(embeddings === undefined ? [] : [`embeddings by ${embeddings.model}`])].join(', ');
}

function placeOfArtifacts(artifacts: Config['artifacts']): string {
  switch (artifacts.store) {
    case 'file':
      return artifacts.dir;
    case 'redis':
      return 'in Redis, with the runs';
    case 's3': {
      const { bucket, prefix = '', endpoint, region, credentials } = artifacts;
      const found = credentials === undefined ? 'credentials as the tools of AWS find them' : 'credentials of the environment';
      return `s3://${bucket}/${prefix} at ${endpoint ?? region}, ${found}`;
    }
  }
}

export async function checkWorkflows({ deps }: OfflineComposition): Promise<Check> {
  try {
    const { workflows, diagnostics } = await validateWorkflows(deps);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) return warn('workflows', countDiagnostics(diagnostics), '"kb workflow:validate" shows them');
    if (workflows.length === 0) return warn('workflows', 'none', '"kb workflow:new ID" writes a first one');
    return ok('workflows', plural(workflows.length, 'workflow'));
  } catch (thrown) {
    return fail('workflows', fromUnknown(thrown).message, 'check the folders of workflow documents');
  }
}

/** What workflows list and is not there: steps of these would fail here. */
export async function checkSecrets({ deps }: OfflineComposition): Promise<Check[]> {
  try {
    const kept = (await deps.secrets?.list()) ?? [];
    const { diagnostics } = await validateWorkflows(deps);
    const missing = diagnostics.filter(({ code }) => code === 'SECRET_MISSING' || code === 'SECRET_UNUSABLE' || code === 'SECRETS_UNREADABLE');
    if (missing.length > 0) {
      const hints = new Map(missing.map(({ code, message }) => [message, code === 'SECRETS_UNREADABLE' ? 'put the key or the file back as it was' : '"kb secret:set NAME" keeps one on this machine']));
      return [...hints].map(([message, hint]) => warn('secrets', sanitizeText(message), hint));
    }
    return kept.length === 0 ? [] : [ok('secrets', plural(kept.length, 'secret'))];
  } catch (thrown) {
    const { message, hint } = fromUnknown(thrown);
    return [fail('secrets', sanitizeText(message), hint ?? '')];
  }
}

/** The key of the language model, where it needs one: what is asked for without it is not made up. */
export async function checkModel({ deps, config }: { readonly deps: Pick<OfflineComposition['deps'], 'secrets'>; readonly config: Pick<Config, 'llm'> }): Promise<Check[]> {
  const { llm } = config;
  const key = llm?.secret ?? (llm === undefined || llm.url !== undefined ? undefined : 'LLM_API_KEY');
  if (key === undefined) return [];
  // A store that cannot be read is a line of its own.
  const kept = await Promise.resolve(deps.secrets?.list()).catch(() => undefined);
  if (kept === undefined || kept.some(({ name }) => name === key)) return [];
  return [warn('llm', `the secret ${key} is not there: plugins have no language model`, `"kb secret:set ${key}" keeps one on this machine`)];
}

export async function checkPlugins({ deps, config }: OfflineComposition): Promise<Check[]> {
  try {
    const plugins = await deps.plugins.list({ verify: true });
    const own = await Promise.all(config.pluginFolders.map((folder) => checkFolder(folder, deps.plugins)));
    return [
      ...(await checkLock(config.projectRoot)),
      ...plugins.map((plugin) =>
        plugin.problem === undefined
          ? ok('plugin', `${plugin.id} ${plugin.version}, ${plural(plugin.commands.length, 'command')}, ${plugin.origin}`)
          : fail('plugin', sanitizeText(`${plugin.id} ${plugin.version}: ${plugin.problem}`), `look at it, and accept it with "kb plugin:add ${plugin.id}", or take it out with "kb plugin:remove ${plugin.id}"`),
      ),
      ...(plugins.some(({ origin }) => origin === 'first-party') ? [] : [fail('plugin', 'those that come with kb are missing', 'install @kb-labs/cli again')]),
      ...own.flat(),
    ];
  } catch (thrown) {
    return [fail('plugin', fromUnknown(thrown).message, 'correct "plugins" in the settings')];
  }
}

/** Without it, none of the plugins that were added is there. */
async function checkLock(projectRoot: string): Promise<Check[]> {
  try {
    await readPluginsLock(projectRoot);
    return [];
  } catch (thrown) {
    const { message, hint } = fromUnknown(thrown);
    return [fail('plugin', sanitizeText(message), hint ?? '')];
  }
}

/** A folder that is named as a plugin and cannot be used as one. */
async function checkFolder(folder: string, plugins: OfflineComposition['deps']['plugins']): Promise<Check[]> {
  if (!existsSync(folder)) return [fail('plugin', `there is no folder ${folder}`, 'correct "plugins" in the settings')];
  const name = nameOf(folder);
  if (name === undefined) return [fail('plugin', `${folder} has no package.json with a name`, 'write one, or correct "plugins" in the settings')];
  // Which command does not matter: the manifest is read first.
  const found = await plugins.resolve({ kind: 'plugin', package: name, command: 'doctor:check' });
  return found.ok || found.code !== 'PLUGIN_INVALID' ? [] : [fail('plugin', sanitizeText(found.message), found.hint ?? 'correct it: "kb-plugin-manifest" writes the manifest of a plugin')];
}

function nameOf(folder: string): string | undefined {
  try {
    const described: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof described === 'object' && described !== null && 'name' in described && typeof described.name === 'string' ? described.name : undefined;
  } catch {
    return undefined;
  }
}
