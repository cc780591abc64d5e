import type { LoadedPlugin } from './read-plugin.js';

const integrities = new Map<string, string>();

/**
 * Whether this process has imported other code from this plugin's folder before; if not, this is what it imports. Node keeps modules for
 * good: the code that was accepted since would be mixed with what was there.
 */
export function isLoadedOtherwise({ root, integrity }: LoadedPlugin): boolean {
  if (integrity === undefined) return false;
  const loaded = integrities.get(root) ?? integrity;
  integrities.set(root, loaded);
  return loaded !== integrity;
}
