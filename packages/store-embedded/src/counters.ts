import type { Connection } from './connection.js';

/** The last token that was given, the last number of a ticket, and how many runs are open. */
export type CounterName = 'token' | 'ticket' | 'open';

/**
 * The numbers that are kept beside the rows, as one transaction moves them: read when the first is wanted, and each that has moved is written once, at the end.
 * Whoever makes one sees to `store`.
 */
export class Counters {
  readonly #connection: Connection;
  #values: Map<string, number> | undefined;
  #moved = new Set<CounterName>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get(name: CounterName): number {
    return this.#known().get(name) ?? 0;
  }

  /** Answers what it is then. */
  add(name: CounterName, by: number): number {
    const value = this.get(name) + by;
    this.#known().set(name, value);
    this.#moved.add(name);
    return value;
  }

  /** Answers what brings them back to where they are now. */
  mark(): () => void {
    const [values, moved] = [this.#values && new Map(this.#values), new Set(this.#moved)];
    return () => {
      this.#values = values;
      this.#moved = moved;
    };
  }

  store(): void {
    for (const name of this.#moved) this.#connection.run('UPDATE counter SET value = ? WHERE name = ?', this.get(name), name);
    this.#moved.clear();
  }

  #known(): Map<string, number> {
    this.#values ??= new Map(this.#connection.all<{ name: string; value: number }>('SELECT name, value FROM counter').map(({ name, value }) => [name, value]));
    return this.#values;
  }
}
