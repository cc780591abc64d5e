import { access, glob, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';

import type { FileStat, PluginFiles } from '@kb-labs/contracts';

/** The files of a test's workspace. A path that leaves it is refused, as the engine does. */
export function testFiles(workspace: string): PluginFiles {
  const at = (path: string): string => {
    const absolute = resolve(workspace, path);
    if (absolute !== workspace && !absolute.startsWith(workspace + sep)) throw new Error(`outside the workspace: ${path}`);
    return absolute;
  };
  return {
    readText: async (path) => readFile(at(path), 'utf8'),
    readBytes: async (path) => readFile(at(path)),
    write: async (path, content) => {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), content);
    },
    list: (pattern) => listFiles(workspace, pattern),
    exists: async (path) => access(at(path)).then(() => true, () => false),
    stat: (path) => describeFile(at(path)),
    remove: async (path) => rm(at(path), { recursive: true, force: true }),
  };
}

async function listFiles(workspace: string, pattern: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const entry of glob(pattern, { cwd: workspace, withFileTypes: true })) {
    if (entry.isFile()) found.push(relative(workspace, resolve(entry.parentPath, entry.name)).split(sep).join('/'));
  }
  return found.sort();
}

async function describeFile(file: string): Promise<FileStat> {
  const found = await stat(file);
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
  return { kind, bytes: found.size, modifiedAt: Math.floor(found.mtimeMs) };
}
