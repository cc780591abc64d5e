import type { PluginCommand, PluginUses } from '@kb-labs/contracts';
import { messageOf, nearestName, suggestName } from '@kb-labs/errors';
import type { CommandLookup } from '@kb-labs/ports';

import type { PluginShelf } from './plugin-shelf.js';
import { invalidPlugin, type LoadedPlugin } from './read-plugin.js';

export type LoadedCommand =
  | { readonly ok: true; readonly plugin: LoadedPlugin; readonly command: PluginCommand }
  | (CommandLookup & { ok: false });

/** What a `uses:` names, or why it cannot be used. Runs no code of the plugin. */
export async function lookUpCommand(shelf: PluginShelf, uses: PluginUses): Promise<LoadedCommand> {
  const read = await shelf.find(uses.package);
  if (read === undefined) return notOnShelf(shelf, uses.package);
  if (!read.ok) return invalidPlugin(uses.package, read.problem);
  const { id, version, commands } = read.plugin.installed;
  if (uses.range !== undefined && !(await isInRange(version, uses.range))) {
    return { ok: false, code: 'PLUGIN_VERSION', message: messageOf('PLUGIN_VERSION', { plugin: id, version, range: uses.range }) };
  }
  const command = commands.find((candidate) => candidate.id === uses.command);
  if (command !== undefined) return { ok: true, plugin: read.plugin, command };
  const hint = suggestName(uses.command, commands.map((candidate) => candidate.id));
  return { ok: false, code: 'UNKNOWN_COMMAND', message: messageOf('UNKNOWN_COMMAND', { plugin: id, command: uses.command }), ...(hint === undefined ? {} : { hint }) };
}

async function notOnShelf(shelf: PluginShelf, name: string): Promise<CommandLookup & { ok: false }> {
  const installed = await shelf.findInstalled(name);
  if (installed?.manifestFile !== undefined) {
    const hint = 'if it is your own, name its folder under "plugins:" in .kb/kb.config.yaml';
    return { ok: false, code: 'PLUGIN_NOT_TRUSTED', message: messageOf('PLUGIN_NOT_TRUSTED', { plugin: name }), hint };
  }
  if (installed !== undefined) return invalidPlugin(name, installed.problem ?? 'it is no plugin');
  const nearest = nearestName(name, await shelf.names());
  const hint = nearest === undefined ? (await shelf.unreadable())[0] : `did you mean "${nearest}"?`;
  return { ok: false, code: 'UNKNOWN_PLUGIN', message: messageOf('UNKNOWN_PLUGIN', { plugin: name }), ...(hint === undefined ? {} : { hint }) };
}

/** A pre-release of the very version a range names is in the range: it is what its author is working on. */
async function isInRange(version: string, range: string): Promise<boolean> {
  const { default: satisfies } = await import('semver/functions/satisfies.js');
  return satisfies(version, range, { includePrerelease: true });
}
