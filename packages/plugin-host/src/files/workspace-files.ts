import { constants } from 'node:fs';

import type { WorkspaceFiles } from '@kb-labs/ports';

import { hashFiles } from './hash-files.js';
import { openInside, resolveInside } from './inside.js';

/** The port `WorkspaceFiles` over the file system. A path or link that leads out of the root is as if it were not there. */
export const workspaceFiles: WorkspaceFiles = { hash: hashFiles, open: openFile };

async function openFile(root: string, path: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  try {
    const place = await resolveInside(root, path);
    const handle = place === undefined ? undefined : await openInside(place, constants.O_RDONLY);
    if (handle === undefined) return undefined;
    if ((await handle.stat()).isFile()) return handle.createReadStream();
    await handle.close();
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP')) return undefined;
    throw error;
  }
}
