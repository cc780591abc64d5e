import type { PluginCommand, PluginUses } from '@kb-labs/contracts';
import { messageOf, nearestName, REGISTER, suggestName } from '@kb-labs/errors';
import type { CommandLookup } from '@kb-labs/ports';

import { isInRange } from './is-in-range.js';
import type { PluginShelf } from './plugin-shelf.js';
import { invalidPlugin, type LoadedPlugin, type ReadPlugin } from './read-plugin.js';

export type LoadedCommand =
  | { readonly ok: true; readonly plugin: LoadedPlugin; readonly command: PluginCommand }
  | (CommandLookup & { ok: false });

/** What a `uses:` names, or why it cannot be used; with `sealed` the plugin has its integrity. Runs no code of the plugin. */
export async function lookUpCommand(shelf: PluginShelf, uses: PluginUses, options: { readonly sealed?: boolean } = {}): Promise<LoadedCommand> {
  const read = await shelf.find(uses.package, options);
  if (read === undefined) return notOnShelf(shelf, uses.package);
  if (!read.ok) return refusal(uses.package, read);
  const { id, version, commands } = read.plugin.installed;
  if (uses.range !== undefined && !(await isInRange(version, uses.range))) {
    return { ok: false, code: 'PLUGIN_VERSION', message: messageOf('PLUGIN_VERSION', { plugin: id, version, range: uses.range }) };
  }
  const command = commands.find((candidate) => candidate.id === uses.command);
  if (command !== undefined) return { ok: true, plugin: read.plugin, command };
  const hint = suggestName(uses.command, commands.map((candidate) => candidate.id));
  return { ok: false, code: 'UNKNOWN_COMMAND', message: messageOf('UNKNOWN_COMMAND', { plugin: id, command: uses.command }), ...(hint === undefined ? {} : { hint }) };
}

function refusal(plugin: string, { code, problem, hint }: ReadPlugin & { ok: false }): CommandLookup & { ok: false } {
  if (code === undefined) return invalidPlugin(plugin, problem);
  const advice = hint ?? REGISTER[code].hint?.replaceAll('{plugin}', plugin);
  const message = code === 'UNKNOWN_PLUGIN' ? `${messageOf(code, { plugin })}: ${problem}` : messageOf(code, { plugin, problem });
  return { ok: false, code, message, ...(advice === undefined ? {} : { hint: advice }) };
}

async function notOnShelf(shelf: PluginShelf, name: string): Promise<CommandLookup & { ok: false }> {
  const installed = await shelf.findInstalled(name);
  if (installed?.manifestFile !== undefined) {
    const hint = `add it with "kb plugin:add ${name}"; if it is your own, name its folder under "plugins:" in .kb/kb.config.yaml`;
    return { ok: false, code: 'PLUGIN_NOT_TRUSTED', message: messageOf('PLUGIN_NOT_TRUSTED', { plugin: name }), hint };
  }
  if (installed !== undefined) return invalidPlugin(name, installed.problem ?? 'it is no plugin');
  const nearest = nearestName(name, await shelf.names());
  const hint = nearest === undefined ? (await shelf.unreadable())[0] : `did you mean "${nearest}"?`;
  return { ok: false, code: 'UNKNOWN_PLUGIN', message: messageOf('UNKNOWN_PLUGIN', { plugin: name }), ...(hint === undefined ? {} : { hint }) };
}
