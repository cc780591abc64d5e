import { plainText } from './plain-text.js';
import type { LogStore } from './log-store.js';

export interface LogQuery {
  readonly text: string;
  readonly regex: boolean;
}

/** Where a line has what is looked for, as pairs of first and behind. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** Finds in a line all places, none of them empty; `null`: there is nothing to look for, or it is no expression. */
export type Finder = (plain: string) => Ranges;

/** Highlights of one line. */
const MOST_RANGES = 200;
/** A pattern is not tried on what is longer: an unlucky one takes time that grows with the square of it, or worse. */
const MOST_TRIED = 10_000;

export function finderOf({ text, regex }: LogQuery): Finder | null {
  if (text === '') return null;
  const pattern = regex ? text : text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, 'gi');
  } catch {
    return null;
  }
  return (plain) => {
    const found: [number, number][] = [];
    for (const match of (regex ? plain.slice(0, MOST_TRIED) : plain).matchAll(expression)) {
      if (match[0] !== '') found.push([match.index, match.index + match[0].length]);
      if (found.length >= MOST_RANGES) break;
    }
    return found;
  };
}

/** Looks through a store a piece at a time, so that the page stays quick, and goes on when the store has grown. */
export class LogSearch {
  /** Indexes of the store of the lines that have it. */
  readonly hits: number[] = [];
  /** Of each source. */
  readonly hitsOf: number[] = [];
  readonly #store: LogStore;
  readonly #has: (plain: string) => boolean;
  #seen = 0;

  constructor(store: LogStore, { text, regex }: LogQuery) {
    this.#store = store;
    const finder = regex ? finderOf({ text, regex }) : null;
    const wanted = text.toLowerCase();
    this.#has = regex ? (plain) => finder !== null && finder(plain).length > 0 : (plain) => plain.toLowerCase().includes(wanted);
  }

  get done(): boolean {
    return this.#seen >= this.#store.lines.length;
  }

  /** Looks on until `mayGoOn` says no. */
  advance(mayGoOn: () => boolean): void {
    const { lines } = this.#store;
    while (this.#seen < lines.length) {
      const end = Math.min(this.#seen + 500, lines.length);
      for (; this.#seen < end; this.#seen += 1) {
        const line = lines[this.#seen];
        if (line === undefined || !this.#has(plainText(line.text))) continue;
        this.hits.push(this.#seen);
        this.hitsOf[line.source] = (this.hitsOf[line.source] ?? 0) + 1;
      }
      if (!mayGoOn()) return;
    }
  }
}
