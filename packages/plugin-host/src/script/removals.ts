/** Folders that are being removed at once, at most. Whoever adds one more waits. */
const MOST = 64;

/**
 * What is removed while others go on: a file system that writes its journal, as it does for each commit of a store beside it,
 * keeps a removal waiting for many milliseconds.
 */
export class Removals {
  readonly #open = new Set<Promise<void>>();

  /** `removal` does not fail. Resolves at once, unless there are too many. */
  async add(removal: Promise<void>): Promise<void> {
    this.#open.add(removal);
    void removal.then(() => this.#open.delete(removal));
    while (this.#open.size > MOST) await Promise.race(this.#open);
  }

  /** Resolves when nothing is left to remove. */
  async close(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }
}
