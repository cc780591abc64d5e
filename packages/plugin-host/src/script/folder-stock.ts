import { randomUUID } from 'node:crypto';
import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';

import { HAS_PROCESS_LIST } from '../process-tree/process-list.js';
import { type StepFolder, stepRoot } from './step-folder.js';

/** Kept at once, at most: as many as steps of one process that run beside each other, give or take. */
const MOST = 32;
/** Who runs fewer scripts gains nothing, and would have them to remove before it can end. */
const PAYS_AFTER = 20;
const PRIVATE_FOLDER = 0o700;

/**
 * Folders of steps that have ended, for steps to come: a file system takes longer to make and remove a folder than to name it anew. Only those are kept that
 * are as they were made; and each is given another name, so that whoever still knows where it was writes nothing to the next step.
 */
export class FolderStock {
  readonly #parent: string;
  readonly #roots: string[] = [];
  readonly #removeAll = (): void => this.#empty();
  #taken = 0;
  #hasKept = false;
  #isClosed = false;

  constructor(parent: string) {
    this.#parent = parent;
  }

  /** The root of an empty one, by a new name. `undefined` when there is none. */
  take(): string | undefined {
    this.#taken += 1;
    for (let root = this.#roots.pop(); root !== undefined; root = this.#roots.pop()) {
      const named = renamed(root, stepRoot(this.#parent, randomUUID()));
      if (named === undefined) continue;
      if (isAsMade(named)) return named;
      remove(named);
    }
    return undefined;
  }

  /** Of a step of which nothing runs any more. Whether it is kept; its script and its outputs are gone then. */
  keep(folder: StepFolder): boolean {
    // Elsewhere not everything that a script has left running is found.
    if (!HAS_PROCESS_LIST || this.#isClosed || this.#taken <= PAYS_AFTER || this.#roots.length >= MOST) return false;
    try {
      folder.removeFiles();
    } catch {
      return false;
    }
    if (!isAsMade(folder.root)) return false;
    if (!this.#hasKept) process.once('exit', this.#removeAll);
    this.#hasKept = true;
    this.#roots.push(folder.root);
    return true;
  }

  /** Removes what is kept, and keeps nothing any more. */
  close(): void {
    this.#isClosed = true;
    process.off('exit', this.#removeAll);
    this.#empty();
  }

  #empty(): void {
    for (const root of this.#roots.splice(0)) remove(root);
  }
}

/** `undefined` when it is not there any more: temporary files are cleared away by others, too. */
function renamed(from: string, to: string): string | undefined {
  try {
    renameSync(from, to);
    return to;
  } catch {
    return undefined;
  }
}

/** Whether it holds an empty folder for artifacts and nothing else, both closed to others. */
function isAsMade(root: string): boolean {
  try {
    const artifacts = `${root}/artifacts`;
    return isPrivateFolder(root) && isPrivateFolder(artifacts) && readdirSync(root).length === 1 && readdirSync(artifacts).length === 0;
  } catch {
    return false;
  }
}

function isPrivateFolder(path: string): boolean {
  const found = lstatSync(path);
  return found.isDirectory() && (found.mode & 0o7777) === PRIVATE_FOLDER;
}

function remove(root: string): void {
  try {
    rmSync(root, { recursive: true, force: true });
  } catch {
    // It is swept once this process is gone.
  }
}
