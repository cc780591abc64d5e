import type { LoadedPlugin } from './read-plugin.js';

const integrities = new Map<string, string>();
/** When code was imported from folders whose files nobody had looked at, in ms since the epoch. */
const importedAt = new Map<string, number>();

/** A file can be written this long after another time was read and bear an earlier one: file systems count in ticks. */
const TICK_MS = 20;

/**
 * Whether this process has imported other code from this plugin's folder before; if not, this is what it imports. Node keeps modules for
 * good: the code that was accepted since would be mixed with what was there.
 */
export function isLoadedOtherwise({ root, integrity, changedAtMs }: LoadedPlugin): boolean {
  if (integrity === undefined) {
    if (!importedAt.has(root)) importedAt.set(root, Date.now());
    return false;
  }
  const loaded = integrities.get(root);
  if (loaded !== undefined) return loaded !== integrity;
  const since = importedAt.get(root);
  if (since !== undefined && changedAtMs !== undefined && changedAtMs > since - TICK_MS) return true;
  integrities.set(root, integrity);
  return false;
}
