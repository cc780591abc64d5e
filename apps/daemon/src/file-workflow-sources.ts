import { type Dirent, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

import type { Clock, WorkflowSource, WorkflowSources } from '@kb-labs/ports';

import { isAbsent } from './is-absent.js';
import { type ReadDocument, UnchangedDocuments } from './unchanged-documents.js';
import { UnchangedFolders } from './unchanged-folders.js';

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
  const folders = new UnchangedFolders(options.clock);
  // A handful of small files: looking at them one after the other takes less than waking the thread pool does.
  const look = (): ReadDocument[] => {
    const files = new Set<string>();
    const seen = new Set<string>();
    const below = (folder: string): void => {
      seen.add(folder);
      for (const { kind, path } of placesIn(folder, folders.list(folder))) {
        if (kind === 'folder') below(path);
        else if (kind === 'document' || staysInside(path, options.projectRoot)) files.add(path);
      }
    };
    for (const folder of options.folders) below(folder);
    folders.keepOnly(seen);
    documents.keepOnly(files);
    return [...files].sort().flatMap((path) => documents.read(path) ?? []);
  };
  let next: Promise<readonly ReadDocument[]> | undefined;
  // The runs that one commit has started or ended all ask at the same time: one look, begun after the last of them has asked, is for them all.
  const read = (): Promise<readonly ReadDocument[]> =>
    (next ??= Promise.resolve().then(() => {
      next = undefined;
      return look();
    }));
  // An id is plain letters, digits, dots and dashes, but YAML can escape any of them inside double quotes.
  const mayName = ({ source, escapes }: ReadDocument, id: string): boolean => escapes || source.text.includes(id);
  const sourcesOf = (found: readonly ReadDocument[]): WorkflowSource[] => found.map(({ source }) => source);
  return {
    list: async () => sourcesOf(await read()),
    candidates: async (id) => sourcesOf((await read()).filter((one) => mayName(one, id))),
    listeners: async (id) => sourcesOf((await read()).filter((one) => one.mayListen && mayName(one, id))),
  };
}

interface Place {
  readonly kind: 'folder' | 'document' | 'link';
  readonly path: string;
}

/** By the entries of a folder: the same as long as it has not changed. */
const placesOf = new WeakMap<readonly Dirent[], readonly Place[]>();

function placesIn(folder: string, entries: readonly Dirent[]): readonly Place[] {
  const known = placesOf.get(entries);
  if (known !== undefined) return known;
  const places = entries.flatMap((entry): Place[] => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return [{ kind: 'folder', path }];
    if (!DOCUMENT.test(entry.name)) return [];
    if (entry.isFile()) return [{ kind: 'document', path }];
    return entry.isSymbolicLink() ? [{ kind: 'link', path }] : [];
  });
  placesOf.set(entries, places);
  return places;
}

function staysInside(path: string, projectRoot: string): boolean {
  try {
    return realpathSync(path).startsWith(realpathSync(projectRoot) + sep);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}
