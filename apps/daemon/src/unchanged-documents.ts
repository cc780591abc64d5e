import { readFileSync, type Stats, statSync } from 'node:fs';
import { relative, sep } from 'node:path';

import { LIMITS } from '@kb-labs/contracts';
import type { Clock, WorkflowSource } from '@kb-labs/ports';

import { isSame, isSettled } from './unchanged.js';

/** A document as it was found, with what every look for a workflow asks of it. */
export interface ReadDocument {
  readonly source: WorkflowSource;
  /** It can spell any word without showing it. */
  readonly escapes: boolean;
  /** The end of another workflow may start it. */
  readonly mayListen: boolean;
}

interface Look extends ReadDocument {
  readonly found: Stats;
}

export interface DocumentsOptions {
  /** Absolute; file names are shown relative to it. */
  readonly projectRoot: string;
  readonly clock: Pick<Clock, 'now'>;
}

/** Of all documents together. What is beyond is read each time. */
const CHARACTERS = 16 * 1024 * 1024;

/** The documents of a project, read again when their files have changed: they are asked for whenever a run is started, and when it ends. */
export class UnchangedDocuments {
  readonly #options: DocumentsOptions;
  readonly #looks = new Map<string, Look>();
  #characters = 0;

  constructor(options: DocumentsOptions) {
    this.#options = options;
  }

  /** `undefined` when the file is gone. */
  read(path: string): ReadDocument | undefined {
    // Before it is read: what is written in between is another file the next time.
    const found = statSync(path, { throwIfNoEntry: false });
    const before = this.#looks.get(path);
    if (before !== undefined && found !== undefined && isSame(before.found, found)) return before;
    this.#forget(path);
    if (found === undefined) return undefined;
    const text = readBounded(path);
    const look = { found, source: Object.freeze({ file: this.#shown(path), text }), escapes: text.includes('\\'), mayListen: mayListen(text) };
    if (isSettled(found, this.#options.clock.now()) && this.#characters + text.length <= CHARACTERS) {
      this.#looks.set(path, look);
      this.#characters += text.length;
    }
    return look;
  }

  /** Lets go of all others. */
  keepOnly(paths: ReadonlySet<string>): void {
    if (this.#looks.size <= paths.size) return;
    for (const path of this.#looks.keys()) if (!paths.has(path)) this.#forget(path);
  }

  #shown(path: string): string {
    return relative(this.#options.projectRoot, path).split(sep).join('/');
  }

  #forget(path: string): void {
    this.#characters -= this.#looks.get(path)?.source.text.length ?? 0;
    this.#looks.delete(path);
  }
}

/** One character over the limit is enough for the reader of documents to refuse it; the rest is not kept. */
function readBounded(path: string): string {
  const text = readFileSync(path, 'utf8');
  return text.length > LIMITS.documentBytes ? text.slice(0, LIMITS.documentBytes + 1) : text;
}

/** The three words of `on: { workflow: { ids } }`; escapes can spell them without showing them. */
function mayListen(text: string): boolean {
  if (/\\[xuU\r\n]/.test(text)) return true;
  return /\bids\b/.test(text) && /\bworkflow\b(?!:\/\/)/.test(text) && /\bon\b/.test(text);
}
