import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The plugins that come with the engine, as dependencies of the package this code is in. */
const PACKAGES = ['@kb-labs/commit-plugin', '@kb-labs/ai-review-plugin', '@kb-labs/deploy-plugin', '@kb-labs/notify-plugin', '@kb-labs/mind-plugin', '@kb-labs/build-plugin', '@kb-labs/qa-plugin'] as const;

/**
 * The folders of the plugins that come with the engine. Looked for as Node does, in `node_modules` upwards from this file,
 * but without reading their package.json: most runs never use them.
 */
export function firstPartyPlugins(from: string = import.meta.url): string[] {
  const found: string[] = [];
  const start = dirname(fileURLToPath(from));
  for (const name of PACKAGES) {
    for (let folder = start; ; folder = dirname(folder)) {
      const candidate = join(folder, 'node_modules', name);
      if (existsSync(candidate)) {
        found.push(candidate);
        break;
      }
      if (folder === dirname(folder)) break;
    }
  }
  return found;
}
