import type { LogLineView } from '@kb-labs/contracts/http';

import { Watched } from '../watched.js';

/** What prints: a step of a job. */
export interface Source {
  readonly job: string;
  readonly step: string;
  /** When its first line was printed, in milliseconds since the epoch. */
  readonly beganAt: number;
}

export interface StoredLine {
  readonly source: number;
  readonly n: number;
  readonly at: number;
  readonly attempt: number;
  readonly stream: LogLineView['stream'];
  readonly level: LogLineView['level'];
  readonly text: string;
}

/** Of text, what a page keeps: characters, and lines, of which a browser cannot show more one above the other. What comes behind is said to be missing. */
const MOST_CHARACTERS = 256 * 1024 * 1024;
const MOST_LINES = 700_000;

/** The lines of a run, as they were stored: 200,000 of them are appended to, never copied. */
export class LogStore extends Watched {
  /** Grows only. */
  readonly lines: StoredLine[] = [];
  readonly sources: Source[] = [];
  /** More than fits was printed. */
  full = false;

  readonly #places = new Map<string, number>();
  readonly #last: number[] = [];
  #characters = 0;
  readonly #most: number;

  constructor({ frame, most = MOST_CHARACTERS }: { readonly frame: (tell: () => void) => void; readonly most?: number }) {
    super(frame);
    this.#most = most;
  }

  /** A line that is here already is left out, so that reading and following may overlap. */
  append(lines: readonly LogLineView[]): void {
    for (const { job, step, n, at, attempt, stream, level, text } of lines) {
      if (this.full) break;
      const instant = Date.parse(at);
      const source = this.#sourceOf(job, step, instant);
      if (n <= (this.#last[source] ?? 0)) continue;
      this.#last[source] = n;
      this.#characters += text.length;
      this.lines.push({ source, n, at: instant, attempt, stream, level, text });
      this.full = this.#characters > this.#most || this.lines.length >= MOST_LINES;
    }
    this.changed();
  }

  sourceIndex(job: string, step: string): number | undefined {
    return this.#places.get(`${job}\n${step}`);
  }

  #sourceOf(job: string, step: string, beganAt: number): number {
    const key = `${job}\n${step}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.sources.length);
    return this.sources.push({ job, step, beganAt }) - 1;
  }
}
