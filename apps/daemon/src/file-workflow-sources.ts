import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
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
  const paths = (): string[] => {
    const files = new Set<string>();
    for (const folder of options.folders) collect(folder, options.projectRoot, files);
    return [...files].sort();
  };
  const sourceOf = (path: string, text: string): WorkflowSource => ({ file: shown(options.projectRoot, path), text });
  const read = (): WorkflowSource[] => paths().map((path) => sourceOf(path, readBounded(path)));
  const looks = new Map<string, Look>();
  return {
    list: async () => read(),
    // An id is plain letters, digits, dots and dashes, but YAML can escape any of them inside double quotes.
    candidates: async (id) => read().filter(({ text }) => text.includes(id) || text.includes('\\')),
    listeners: async (id) => paths().flatMap((path) => {
      const text = listenerText(path, looks);
      return text !== undefined && (text.includes(id) || text.includes('\\')) ? [sourceOf(path, text)] : [];
    }),
  };
}

/** What a file was found to be when it was last read. */
interface Look {
  readonly changedAt: number;
  readonly bytes: number;
  /** Absent: it does not listen to other workflows. */
  readonly text?: string;
}

/** A file that was written so shortly before it was read can change again without another time. */
const SETTLED_MS = 2_000;

/** The text of a document that may be started by the end of other workflows. This is asked whenever a run ends: what has not changed is not read again. */
function listenerText(path: string, looks: Map<string, Look>): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  const { mtimeMs: changedAt, size: bytes } = found;
  const before = looks.get(path);
  if (before?.changedAt === changedAt && before.bytes === bytes) return before.text;
  const text = readBounded(path);
  const look = { changedAt, bytes, ...(mayListen(text) ? { text } : {}) };
  if (Date.now() - changedAt > SETTLED_MS) looks.set(path, look);
  return look.text;
}

/** The three words of `on: { workflow: { ids } }`; escapes can spell them without showing them. */
function mayListen(text: string): boolean {
  if (/\\[xuU\r\n]/.test(text)) return true;
  return /\bids\b/.test(text) && /\bworkflow\b(?!:\/\/)/.test(text) && /\bon\b/.test(text);
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
