import { type JsonValue, LIMITS } from '@kb-labs/contracts';

import { valueAt } from './json-path.js';

/**
 * The files that the commits of a push touched. `unknown` when the list of commits is not whole: there are more than are
 * listed, or so many that the sender may have cut it.
 */
export function pushedPaths(commits: JsonValue | undefined, listed: { readonly atMost: number; readonly total?: number }): readonly string[] | 'unknown' {
  if (!Array.isArray(commits) || commits.length >= listed.atMost || (listed.total ?? 0) > commits.length) return 'unknown';
  const paths = new Set<string>();
  for (const commit of commits) {
    for (const how of ['added', 'modified', 'removed']) {
      const files = valueAt(commit, how);
      if (!Array.isArray(files)) return 'unknown';
      for (const file of files) if (typeof file === 'string') paths.add(file);
    }
    if (paths.size > LIMITS.pushPaths) return 'unknown';
  }
  return [...paths];
}
