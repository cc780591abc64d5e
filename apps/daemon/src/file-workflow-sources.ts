import { type Dirent, readdirSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

import type { Clock, WorkflowSource, WorkflowSources } from '@kb-labs/ports';

import { type ReadDocument, UnchangedDocuments } from './unchanged-documents.js';

const DOCUMENT = /\.(ya?ml|json)$/;

export interface FileSourcesOptions {
  /** Absolute; file names are shown relative to it, and nothing outside of it is read. */
  readonly projectRoot: string;
  /** Absolute folders, read with everything below them. One that does not exist holds no documents. */
  readonly folders: readonly string[];
  /** Tells how long ago a file was changed. */
  readonly clock: Pick<Clock, 'now'>;
}

/** The workflow documents in folders of a project, by file name. Links that lead out of the project are not followed. */
export function fileWorkflowSources(options: FileSourcesOptions): WorkflowSources {
  const documents = new UnchangedDocuments(options);
  // A handful of small files: looking at them one after the other takes less than waking the thread pool does.
  const read = (): ReadDocument[] => {
    const files = new Set<string>();
    for (const folder of options.folders) collect(folder, options.projectRoot, files);
    documents.keepOnly(files);
    return [...files].sort().flatMap((path) => documents.read(path) ?? []);
  };
  // An id is plain letters, digits, dots and dashes, but YAML can escape any of them inside double quotes.
  const mayName = ({ source, escapes }: ReadDocument, id: string): boolean => escapes || source.text.includes(id);
  const sourcesOf = (found: readonly ReadDocument[]): WorkflowSource[] => found.map(({ source }) => source);
  return {
    list: async () => sourcesOf(read()),
    candidates: async (id) => sourcesOf(read().filter((one) => mayName(one, id))),
    listeners: async (id) => sourcesOf(read().filter((one) => one.mayListen && mayName(one, id))),
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

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
