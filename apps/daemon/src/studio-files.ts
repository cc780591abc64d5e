import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { StudioFiles } from '@kb-labs/gateway';

import { installedFolder } from './installed-folder.js';

/** Studio as it comes with the package this code is in; `undefined` where it is not installed, or not built. */
export function studioFiles(from: string = import.meta.url): StudioFiles | undefined {
  const installed = installedFolder('@kb-labs/studio', dirname(fileURLToPath(from)));
  if (installed === undefined) return undefined;
  const folder = join(installed, 'dist');
  return existsSync(join(folder, 'index.html')) ? { folder } : undefined;
}
