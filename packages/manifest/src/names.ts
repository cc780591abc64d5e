/**
 * Names of one kind with what they stand for, found as expressions find them: the one written exactly, else without
 * regard to case. Of equal names the first counts.
 */
export class Names<T = unknown> {
  readonly #exact = new Map<string, { readonly value: T; readonly index: number }>();
  readonly #lower = new Map<string, string>();

  constructor(entries: Iterable<readonly [string, T]>) {
    let index = 0;
    for (const [name, value] of entries) {
      if (!this.#exact.has(name)) this.#exact.set(name, { value, index });
      const lower = name.toLowerCase();
      if (!this.#lower.has(lower)) this.#lower.set(lower, name);
      index += 1;
    }
  }

  static of(names: Iterable<string>): Names {
    return new Names([...names].map((name) => [name, undefined]));
  }

  get size(): number {
    return this.#exact.size;
  }

  /** The name as written. */
  find(name: string): string | undefined {
    return this.#exact.has(name) ? name : this.#lower.get(name.toLowerCase());
  }

  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  get(name: string): T | undefined {
    const written = this.find(name);
    return written === undefined ? undefined : this.#exact.get(written)?.value;
  }

  /** Its position among all entries; `undefined` when there is no such name. */
  indexOf(name: string): number | undefined {
    const written = this.find(name);
    return written === undefined ? undefined : this.#exact.get(written)?.index;
  }

  keys(): Iterable<string> {
    return this.#exact.keys();
  }

  *values(): Generator<T> {
    for (const { value } of this.#exact.values()) yield value;
  }
}
