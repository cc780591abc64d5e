import type { PluginContext } from '@kb-labs/sdk';

import { below } from '../project/read-package.js';

/** A file that a build has written, or that was there already. */
export interface OutputFile {
  /** Relative to the workspace. */
  readonly path: string;
  /** Folder of the package it belongs to. */
  readonly folder: string;
  readonly bytes: number;
  readonly modifiedAt: number;
}

const MAX_FILES = 20_000;

export interface FoundOutputs {
  readonly files: readonly OutputFile[];
  /** There are more than are looked at. */
  readonly more: boolean;
}

/** What the patterns name below each folder, sorted by path. A pattern that names a folder means all in it. What was installed is no output. */
export async function findOutputs(fs: PluginContext['fs'], folders: readonly string[], patterns: readonly string[]): Promise<FoundOutputs> {
  const found = new Map<string, string>();
  // The longest first: a file of a package inside another one belongs to the inner one.
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    for (const pattern of patterns) {
      for (const path of await listBelow(fs, folder, pattern)) {
        if (!found.has(path) && !path.slice(folder.length).split('/').includes('node_modules')) found.set(path, folder);
      }
    }
  }
  const files: OutputFile[] = [];
  for (const [path, folder] of [...found].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, MAX_FILES)) {
    const { bytes, modifiedAt } = await fs.stat(path);
    files.push({ path, folder, bytes, modifiedAt });
  }
  return { files, more: found.size > MAX_FILES };
}

/** Letters of a folder's name that a glob would take for more. */
const SPECIAL = /[\\*?[\]]/g;

async function listBelow(fs: PluginContext['fs'], folder: string, pattern: string): Promise<string[]> {
  const at = folder.replace(SPECIAL, String.raw`\$&`);
  const clean = pattern.replace(/^(?:\.\/)+|\/+$/g, '');
  const lists = await Promise.all([fs.list(below(at, clean)), fs.list(below(at, `${clean}/**`))]);
  return lists.flat();
}
