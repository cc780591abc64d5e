/** Does what comes up under a key in turns, one after the other. Each takes on all that has come up since the one before began. */
export class Turns<Key, Item> {
  readonly #waiting = new Map<Key, Item[]>();
  readonly #take: (key: Key, items: readonly Item[]) => Promise<void>;

  /** `take` does not reject: an item that fails hears of it itself. */
  constructor(take: (key: Key, items: readonly Item[]) => Promise<void>) {
    this.#take = take;
  }

  isUnderWay(key: Key): boolean {
    return this.#waiting.has(key);
  }

  add(key: Key, item: Item): void {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      waiting.push(item);
      return;
    }
    this.#waiting.set(key, [item]);
    void this.#go(key);
  }

  async #go(key: Key): Promise<void> {
    // The first turn is for all that come up at the same time.
    await Promise.resolve();
    for (;;) {
      const items = this.#waiting.get(key) ?? [];
      if (items.length === 0) break;
      this.#waiting.set(key, []);
      await this.#take(key, items);
    }
    this.#waiting.delete(key);
  }
}
