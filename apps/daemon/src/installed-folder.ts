import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of a package, looked for as Node does, in `node_modules` upwards from `start`, but without reading its package.json. */
export function installedFolder(name: string, start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}
