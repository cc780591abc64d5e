import type { LogStore, StoredLine } from './log-store.js';

/** What of a log is shown: all, some jobs, or a step of one. */
export interface LogChoice {
  readonly jobs?: readonly string[];
  readonly step?: string;
}

/** The lines of a choice, in their order. Asked again after the store has grown, it looks at the new lines alone. */
export class LogView {
  readonly #store: LogStore;
  readonly #choice: LogChoice;
  /** Indexes of the store; `null`: all of it. */
  readonly #rows: number[] | null;
  readonly #wanted: boolean[] = [];
  #seen = 0;

  constructor(store: LogStore, choice: LogChoice) {
    this.#store = store;
    this.#choice = choice;
    this.#rows = choice.jobs === undefined ? null : [];
  }

  get length(): number {
    return this.#grown()?.length ?? this.#store.lines.length;
  }

  /** Where in the store a row is. */
  indexAt(row: number): number {
    return this.#grown()?.[row] ?? row;
  }

  lineAt(row: number): StoredLine | undefined {
    const rows = this.#grown();
    return this.#store.lines[rows === null ? row : (rows[row] ?? -1)];
  }

  /** The row of a line of the store, or -1. */
  rowOf(index: number): number {
    const rows = this.#grown();
    if (rows === null) return index < this.#store.lines.length ? index : -1;
    const row = firstFrom(rows, index);
    return rows[row] === index ? row : -1;
  }

  /** The row of the line with this number; numbers belong to steps, so there is none unless one step is shown. */
  rowOfNumber(n: number): number {
    const rows = this.#grown();
    if (rows === null || this.#choice.step === undefined) return -1;
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.lineAt(middle)?.n ?? 0) < n) low = middle + 1;
      else high = middle;
    }
    return this.lineAt(low)?.n === n ? low : -1;
  }

  #grown(): number[] | null {
    const rows = this.#rows;
    if (rows === null) return null;
    const { lines } = this.#store;
    for (; this.#seen < lines.length; this.#seen += 1) {
      const source = lines[this.#seen]?.source ?? 0;
      const wanted = (this.#wanted[source] ??= this.#wants(source));
      if (wanted) rows.push(this.#seen);
    }
    return rows;
  }

  #wants(source: number): boolean {
    const printed = this.#store.sources[source];
    if (printed === undefined) return false;
    const { jobs, step } = this.#choice;
    return (jobs === undefined || jobs.includes(printed.job)) && (step === undefined || step === printed.step);
  }
}

/** In numbers that rise: where the first stands that is not less. */
export function firstFrom(numbers: readonly number[], least: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
