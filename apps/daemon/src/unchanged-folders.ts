import { type Dirent, readdirSync, type Stats, statSync } from 'node:fs';

import type { Clock } from '@kb-labs/ports';

import { isAbsent } from './is-absent.js';
import { isSame, isSettled } from './unchanged.js';

/** Of all folders together. What is beyond is listed each time. */
const ENTRIES = 10_000;

interface Listing {
  readonly found: Stats;
  readonly entries: readonly Dirent[];
}

/** What folders hold, listed again when something was put in, taken out or renamed: that changes the times of a folder. */
export class UnchangedFolders {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #listings = new Map<string, Listing>();
  #entries = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Nothing where there is no folder. */
  list(folder: string): readonly Dirent[] {
    // Before it is listed: what is changed in between is another folder the next time.
    const found = statSync(folder, { throwIfNoEntry: false });
    const before = this.#listings.get(folder);
    if (before !== undefined && found !== undefined && isSame(before.found, found)) return before.entries;
    this.#forget(folder);
    if (found === undefined) return [];
    const entries = entriesOf(folder);
    if (isSettled(found, this.#clock.now()) && this.#entries + entries.length < ENTRIES) {
      this.#listings.set(folder, { found, entries });
      this.#entries += entries.length + 1;
    }
    return entries;
  }

  /** Lets go of all others. */
  keepOnly(folders: ReadonlySet<string>): void {
    if (this.#listings.size <= folders.size) return;
    for (const folder of this.#listings.keys()) if (!folders.has(folder)) this.#forget(folder);
  }

  #forget(folder: string): void {
    const before = this.#listings.get(folder);
    if (before === undefined) return;
    this.#entries -= before.entries.length + 1;
    this.#listings.delete(folder);
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
