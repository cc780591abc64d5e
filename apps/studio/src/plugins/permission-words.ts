import type { PluginPermissions } from './installed-plugin.js';

/** What code may touch, a sentence for each kind; empty when it may touch nothing. */
export function permissionWords({ shell, network, fs, env, secrets, services, quotas }: PluginPermissions): readonly string[] {
  return [
    shell === true ? 'Starts any program' : Array.isArray(shell) && shell.length > 0 ? `Starts ${shell.join(', ')}` : undefined,
    sentence('Reaches', network),
    sentence('Reads files', fs?.read),
    sentence('Writes files', fs?.write),
    sentence('Sees the environment variables', env),
    sentence('Is given the secrets', secrets),
    services?.includes('llm') === true ? 'Asks a language model' : undefined,
    services?.includes('storage') === true ? 'Keeps values of its own' : undefined,
    quotaWords(quotas),
  ].filter((words) => words !== undefined);
}

function sentence(begin: string, names: readonly string[] | undefined): string | undefined {
  return names === undefined || names.length === 0 ? undefined : `${begin} ${names.join(', ')}`;
}

const QUOTAS = { requests: 'requests', programs: 'starts of programs', 'llm-calls': 'calls of a model', 'llm-tokens': 'tokens of a model', storage: 'of storage' } as const;

function quotaWords(quotas: PluginPermissions['quotas']): string | undefined {
  const parts = Object.entries(quotas ?? {}).flatMap(([name, limit]) => (limit === undefined ? [] : [`${typeof limit === 'number' ? limit.toLocaleString('en') : limit} ${QUOTAS[name as keyof typeof QUOTAS]}`]));
  return parts.length === 0 ? undefined : `At most ${parts.join(', ')} in a step`;
}
