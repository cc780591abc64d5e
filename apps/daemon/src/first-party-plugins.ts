import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { installedFolder } from './installed-folder.js';

/** The plugins that come with the engine, as dependencies of the package this code is in. */
const PACKAGES = ['@kb-labs/commit-plugin', '@kb-labs/ai-review-plugin', '@kb-labs/deploy-plugin', '@kb-labs/notify-plugin', '@kb-labs/mind-plugin', '@kb-labs/build-plugin', '@kb-labs/qa-plugin'] as const;

/** The folders of the plugins that come with the engine. Their package.json is not read: most runs never use them. */
export function firstPartyPlugins(from: string = import.meta.url): string[] {
  const start = dirname(fileURLToPath(from));
  return PACKAGES.map((name) => installedFolder(name, start)).filter((folder) => folder !== undefined);
}
