import { readdir, readFile, realpath } from 'node:fs/promises';
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
  const read = async (): Promise<WorkflowSource[]> => {
    const files = new Set<string>();
    for (const folder of options.folders) await collect(folder, options.projectRoot, files);
    return Promise.all(
      [...files].sort().map(async (path) => ({ file: shown(options.projectRoot, path), text: await readBounded(path) })),
    );
  };
  return {
    list: read,
    // An id is plain letters, digits, dots and dashes, but YAML can escape any of them inside double quotes.
    candidates: async (id) => (await read()).filter(({ text }) => text.includes(id) || text.includes('\\')),
  };
}

async function collect(folder: string, projectRoot: string, into: Set<string>): Promise<void> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await collect(path, projectRoot, into);
    else if (!DOCUMENT.test(entry.name)) continue;
    else if (entry.isFile()) into.add(path);
    else if (entry.isSymbolicLink() && (await staysInside(path, projectRoot))) into.add(path);
  }
}

async function staysInside(path: string, projectRoot: string): Promise<boolean> {
  try {
    const [target, root] = await Promise.all([realpath(path), realpath(projectRoot)]);
    return target.startsWith(root + sep);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** One character over the limit is enough for the reader of documents to refuse it; the rest is not kept. */
async function readBounded(path: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  return text.length > LIMITS.documentBytes ? text.slice(0, LIMITS.documentBytes + 1) : text;
}

function shown(projectRoot: string, path: string): string {
  return relative(projectRoot, path).split(sep).join('/');
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
