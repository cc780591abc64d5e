import { type Dirent, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

import { LIMITS } from '@kb-labs/contracts';
import type { WorkflowSource, WorkflowSources } from '@kb-labs/ports';

const DOCUMENT = /\.(ya?ml|json)$/;

export interface FileSourcesOptions {
  /** Absolute; file names are shown relative to it, and nothing outside of it is read. */
  readonly projectRoot: string;
  /** Absolute folders, read with everything below them. One that does not exist holds no documents. */
  readonly folders: readonly string[];
}

/** The workflow documents in folders of a project, by file name. Links that lead out of the project are not followed. */
export function fileWorkflowSources(options: FileSourcesOptions): WorkflowSources {
  // A handful of small files: reading them one after the other takes less than waking the thread pool does.
  const read = (): WorkflowSource[] => {
    const files = new Set<string>();
    for (const folder of options.folders) collect(folder, options.projectRoot, files);
    return [...files].sort().map((path) => ({ file: shown(options.projectRoot, path), text: readBounded(path) }));
  };
  return {
    list: async () => read(),
    // An id is plain letters, digits, dots and dashes, but YAML can escape any of them inside double quotes.
    candidates: async (id) => read().filter(({ text }) => text.includes(id) || text.includes('\\')),
  };
}

function collect(folder: string, projectRoot: string, into: Set<string>): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) collect(path, projectRoot, into);
    else if (!DOCUMENT.test(entry.name)) continue;
    else if (entry.isFile()) into.add(path);
    else if (entry.isSymbolicLink() && staysInside(path, projectRoot)) into.add(path);
  }
}

function staysInside(path: string, projectRoot: string): boolean {
  try {
    return realpathSync(path).startsWith(realpathSync(projectRoot) + sep);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** One character over the limit is enough for the reader of documents to refuse it; the rest is not kept. */
function readBounded(path: string): string {
  const text = readFileSync(path, 'utf8');
  return text.length > LIMITS.documentBytes ? text.slice(0, LIMITS.documentBytes + 1) : text;
}

function shown(projectRoot: string, path: string): string {
  return relative(projectRoot, path).split(sep).join('/');
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
