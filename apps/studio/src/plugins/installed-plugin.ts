import type { JsonAnswerOf } from '@kb-labs/contracts/http';

export type InstalledPlugin = JsonAnswerOf<'listPlugins'>['items'][number];
export type InstalledCommand = InstalledPlugin['commands'][number];
export type PluginPermissions = InstalledCommand['permissions'];

/** The commands whose name, plugin or description has every word of what is searched for. */
export function commandsThatFit(plugin: InstalledPlugin, wanted: string): readonly InstalledCommand[] {
  const words = wanted.toLowerCase().split(/\s+/);
  return plugin.commands.filter(({ id, describe }) => {
    const text = `${plugin.id} ${id} ${describe}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
